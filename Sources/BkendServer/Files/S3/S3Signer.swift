import BkendWire
import Crypto
import Foundation
import HTTPTypes

/// Signs requests to an S3 service: AWS Signature Version 4 in the header `Authorization`. libcurl's own can't be used: 7.88
/// doesn't send `x-amz-content-sha256`, and wants the digest of a body before its first byte.
///
/// Host, path, query, `Range` and every `x-amz-` field are signed. A streamed body isn't (`UNSIGNED-PAYLOAD`): nobody can
/// change it on the way, since a connection is TLS or stays on this machine.
struct S3Signer {
    let credentials: S3Credentials
    let region: String

    /// The digest of a body that isn't signed.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    private static let algorithm = "AWS4-HMAC-SHA256"

    /// The digest of a body that is signed.
    static func digest(of body: [UInt8]) -> String { Data(SHA256.hash(data: body)).hexDigits }

    /// Adds the signature, and what belongs to it.
    ///
    /// - Parameters:
    ///   - head: with an authority as it is sent, and a path whose parameters are escaped and in order, each with `=`.
    ///   - payload: the body's digest, or `unsignedPayload`.
    func sign(_ head: inout HTTPRequest, payload: String, at moment: Timestamp) {
        let time = String(moment.description.filter { $0 != "-" && $0 != ":" }.prefix(15)) + "Z"
        let scope = "\(time.prefix(8))/\(region)/s3/aws4_request"
        head.headerFields[.amzDate] = time
        head.headerFields[.amzContentSHA256] = payload
        head.headerFields[.amzSecurityToken] = credentials.sessionToken
        let fields = Self.signedFields(of: head)
        let names = fields.map(\.name).joined(separator: ";")
        let parts = (head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let canonical = [
            head.method.rawValue, String(parts[0]), parts.count > 1 ? String(parts[1]) : "",
            fields.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let text = [Self.algorithm, time, scope, Self.digest(of: Array(canonical.utf8))].joined(separator: "\n")
        let signature = Self.code(text, key(of: time.prefix(8))).hexDigits
        head.headerFields[.authorization] =
            "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    }

    private static func signedFields(of head: HTTPRequest) -> [(name: String, value: String)] {
        var fields = [(name: "host", value: head.authority ?? "")]
        for field in head.headerFields {
            let name = field.name.canonicalName
            if name == "range" || name.hasPrefix("x-amz-") { fields.append((name, field.value)) }
        }
        return fields.sorted { $0.name < $1.name }
    }

    /// The key of a day, a region and the service.
    private func key(of day: Substring) -> Data {
        var key = Data("AWS4\(credentials.secretKey)".utf8)
        for part in [String(day), region, "s3", "aws4_request"] { key = Self.code(part, key) }
        return key
    }

    private static func code(_ text: String, _ key: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}

extension HTTPField.Name {
    // Constants that are valid names.
    static let amzDate = HTTPField.Name("x-amz-date")!  // a valid name
    static let amzContentSHA256 = HTTPField.Name("x-amz-content-sha256")!  // a valid name
    static let amzSecurityToken = HTTPField.Name("x-amz-security-token")!  // a valid name
    static let amzCopySource = HTTPField.Name("x-amz-copy-source")!  // a valid name
}
