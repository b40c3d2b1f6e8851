import BkendWire
import Foundation

/// The S3 service that keeps a data folder's files: a bucket, and a prefix in it that belongs to the folder alone.
struct S3Settings: Sendable, Hashable {
    let bucket: String
    /// Empty, or with a slash at its end.
    let prefix: String
    let endpoint: String?
    let region: String
    let credentials: String?
    let certificates: String?

    /// The region of services that have none.
    private static let usualRegion = "us-east-1"

    /// What was said, completed by what was said before.
    ///
    /// - Throws: `OperatorError` for an address that is none, or another one than before.
    init(_ options: S3Options, remembered: S3Settings?) throws(OperatorError) {
        if let address = options.address {
            (bucket, prefix) = try Self.parse(address)
        } else if let remembered {
            (bucket, prefix) = (remembered.bucket, remembered.prefix)
        } else {
            throw OperatorError("--s3-… say how to reach a bucket: name it with --files s3://BUCKET/PREFIX")
        }
        endpoint = options.endpoint ?? remembered?.endpoint
        region = options.region ?? remembered?.region ?? Self.usualRegion
        credentials = options.credentials ?? remembered?.credentials
        certificates = options.certificates ?? remembered?.certificates
        if let remembered, remembered.bucket != bucket || remembered.prefix != prefix {
            throw OperatorError(
                "this folder's files are in \(remembered.address), not in \(address): leave --files out, or move them "
                    + "first (docs/files.md, \"Moving files\")")
        }
        guard Self.isSound(region, also: "-") else { throw OperatorError("\(region.debugDescription) is no region") }
    }

    /// What `json` gives.
    init?(_ json: JSON) {
        guard let bucket = json["bucket"]?.stringValue, let prefix = json["prefix"]?.stringValue,
            let region = json["region"]?.stringValue
        else { return nil }
        (self.bucket, self.prefix, self.region) = (bucket, prefix, region)
        endpoint = json["endpoint"]?.stringValue
        credentials = json["credentials"]?.stringValue
        certificates = json["certificates"]?.stringValue
    }

    /// As it is remembered; nothing in it is secret.
    var json: JSONObject {
        [
            "bucket": .string(bucket), "prefix": .string(prefix), "region": .string(region),
            "endpoint": endpoint.map(JSON.string) ?? .null, "credentials": credentials.map(JSON.string) ?? .null,
            "certificates": certificates.map(JSON.string) ?? .null,
        ]
    }

    /// `s3://BUCKET/PREFIX`
    var address: String { "s3://\(bucket)/\(prefix)" }

    private static func parse(_ address: String) throws(OperatorError) -> (bucket: String, prefix: String) {
        let parts = address.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        guard address.hasPrefix("s3://"), let bucket = parts.first, isSound(bucket, also: "-._"),
            (3...63).contains(bucket.utf8.count)
        else { throw OperatorError("\(address) is no address of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX") }
        var names = parts.dropFirst()
        if names.last == "" { names.removeLast() }
        // What needs no escape is the same in addresses, signatures and lists, whatever the service.
        guard names.allSatisfy({ isSound($0, also: "-._") && $0.first != "." }),
            names.reduce(0, { $0 + $1.utf8.count + 1 }) <= 512
        else {
            throw OperatorError(
                "the prefix in \(address) has empty parts, a part that begins with a dot, or other characters than "
                    + "letters, digits, -, . and _")
        }
        return (String(bucket), names.map { $0 + "/" }.joined())
    }

    private static func isSound(_ text: some StringProtocol, also: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: also.utf8.contains(byte)
                }
            }
    }
}

/// Where requests go.
struct S3Endpoint: Sendable {
    let scheme: String
    /// As it is sent and signed: without the scheme's own port.
    let authority: String
    /// What the paths of objects begin with: `/`, or `/BUCKET/`.
    let root: String

    /// - Throws: `OperatorError` for a URL that can't be one.
    init(_ settings: S3Settings) throws(OperatorError) {
        // A name with dots has no certificate at AWS.
        let usual = settings.bucket.contains(".") ? "" : "{bucket}."
        let text = settings.endpoint ?? "https://\(usual)s3.\(settings.region).amazonaws.com"
        let isNamed = text.contains("{bucket}")
        let url = URLComponents(string: text.replacingOccurrences(of: "{bucket}", with: settings.bucket))
        guard let url, let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = url.encodedHost?.lowercased(), !host.isEmpty, url.path.isEmpty || url.path == "/",
            url.query == nil, url.fragment == nil, url.user == nil, url.password == nil
        else {
            throw OperatorError(
                "--s3-endpoint is the URL of a service, https://s3.example.com or https://{bucket}.s3.example.com, "
                    + "without path, query or password")
        }
        self.scheme = scheme
        let port = url.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : $0 }
        authority = host + (port.map { ":\($0)" } ?? "")
        root = isNamed ? "/" : "/\(settings.bucket)/"
    }
}
