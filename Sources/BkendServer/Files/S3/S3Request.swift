import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

/// One thing that is asked of an S3 service.
struct S3Request: Sendable {
    /// What texts call it.
    let operation: String
    let method: HTTPRequest.Method
    /// The object, or the prefix of a list.
    let key: String
    /// Whether it is about the bucket, not about one object.
    var isList = false
    /// Unescaped, in any order.
    var query: [QueryItem] = []
    var fields: HTTPFields = [:]
    /// Made anew for each attempt.
    var body: @Sendable () -> RequestBody = { .none }
    /// The digest of the body; nil for one that isn't signed.
    var payload: String?
    /// Whether it may be sent again though it may have arrived. One that isn't is sent again only where not a byte was.
    var replay = Replay.idempotent
    /// Whether its body can be had once more.
    var isWhole: @Sendable () -> Bool = { true }
    /// How long the service may be silent.
    var idle = Duration.seconds(60)

    private init(_ operation: String, _ method: HTTPRequest.Method, _ key: String) {
        self.operation = operation
        self.method = method
        self.key = key
        payload = S3Signer.digest(of: [])
    }

    /// Stores bytes that are in memory.
    static func put(_ key: String, _ bytes: [UInt8]) -> S3Request {
        var request = S3Request("PUT", .put, key)
        request.fields[.contentType] = "application/octet-stream"
        request.payload = S3Signer.digest(of: bytes)
        request.body = { .bytes(bytes) }
        return request
    }

    /// Stores bytes that come while they are sent, and aren't signed.
    static func put(
        _ key: String, replay: Replay, isWhole: @escaping @Sendable () -> Bool = { true },
        _ stream: @escaping @Sendable () -> RequestBodyStream
    ) -> S3Request {
        var request = S3Request("PUT", .put, key)
        request.fields[.contentType] = "application/octet-stream"
        request.payload = nil
        request.replay = replay
        request.isWhole = isWhole
        // Less than a client's own deadline on progress (`ConnectionWatch`): a service that takes nothing is answered 503,
        // and not taken for a client that sends nothing.
        request.idle = .seconds(25)
        request.body = { .stream(stream()) }
        return request
    }

    /// Reads bytes of an object, from an offset to an end.
    static func get(_ key: String, _ range: Range<Int>) -> S3Request {
        var request = S3Request("GET", .get, key)
        // Bytes as they are stored, whatever the service could make of them.
        request.fields[.acceptEncoding] = "identity"
        request.fields[.range] =
            "bytes=\(range.lowerBound)-" + (range.upperBound == .max ? "" : String(range.upperBound - 1))
        return request
    }

    static func delete(_ key: String) -> S3Request { S3Request("DELETE", .delete, key) }

    /// Copies an object within the bucket.
    static func copy(_ key: String, to copy: String, in bucket: String) -> S3Request {
        var request = S3Request("COPY", .put, copy)
        request.fields[.amzCopySource] = "/\(bucket)/\(key)"
        request.idle = .seconds(300)
        return request
    }

    /// A page of the objects whose keys have a prefix.
    ///
    /// - Parameter token: where the page before it ended.
    static func list(_ prefix: String, after token: String?, most: Int) -> S3Request {
        var request = S3Request("LIST", .get, prefix)
        request.isList = true
        request.query = [
            QueryItem("list-type", "2"), QueryItem("max-keys", String(most)), QueryItem("prefix", prefix),
        ]
        if let token { request.query.append(QueryItem("continuation-token", token)) }
        return request
    }

    /// Its head, unsigned.
    func head(_ endpoint: S3Endpoint) -> HTTPRequest {
        // Parameters as they are signed: escaped, in order, each with `=`.
        let query = QueryItem.encode(query.sorted { $0.name < $1.name })
        let root = isList && endpoint.root.count > 1 ? String(endpoint.root.dropLast()) : endpoint.root
        let path = isList ? root : root + key
        return HTTPRequest(
            method: method, scheme: endpoint.scheme, authority: endpoint.authority,
            path: path + (query.isEmpty ? "" : "?\(query)"), headerFields: fields)
    }
}
