import BkendTransport
import BkendWire
import HTTPTypes

/// A request to an S3 service that failed: what was asked of which object, what the service says, and what to do.
struct S3Failure: Error, CustomStringConvertible, AnsweredFailure {
    enum Cause: Equatable {
        /// The service refused, with a status, its own code and its words.
        case refused(status: Int, code: String, message: String)
        /// No whole answer came.
        case unreachable(String)
        /// What came is no answer to what was asked.
        case malformed(String)
    }

    /// What was asked for: `PUT`, `LIST`.
    let operation: String
    let bucket: String
    /// The object, or the prefix of a list.
    let key: String
    /// The service's host.
    let host: String
    let cause: Cause

    /// The most letters of the service's words that are repeated.
    private static let mostLetters = 200

    init(_ request: S3Request, _ cause: Cause, bucket: String, host: String) {
        operation = request.operation
        key = request.key
        self.bucket = bucket
        self.host = host
        self.cause = cause
    }

    /// Why a service refused, from its answer: what has no code of S3's may come from a proxy.
    static func refusal(_ head: HTTPResponse, _ body: [UInt8]) -> Cause {
        let document = S3Document(body)
        let message = Redaction.redact(String((document.first("Message") ?? "").prefix(mostLetters)))
        let code = String((document.first("Code") ?? "").filter { $0.isLetter || $0.isNumber }.prefix(64))
        return .refused(status: head.status.code, code: code, message: message)
    }

    var description: String {
        let what = "\(operation) s3://\(bucket)/\(key) at \(host)"
        switch cause {
        case .refused(let status, let code, let message):
            let words = [code, message].filter { !$0.isEmpty }.joined(separator: ": ")
            return
                "\(what) was refused with \(status)\(words.isEmpty ? "" : " (\(words))")\(advice.map { "; \($0)" } ?? "")"
        case .unreachable(let reason):
            return "\(what) failed: \(reason); check --s3-endpoint, the network, and whether the service runs"
        case .malformed(let what): return "\(self.operation) s3://\(bucket)/\(key) at \(host): \(what)"
        }
    }

    private var advice: String? {
        guard case .refused(let status, let code, _) = cause else { return nil }
        return switch code {
        case "SignatureDoesNotMatch": "the secret key isn't that of the access key, or a proxy changes requests"
        case "InvalidAccessKeyId": "the service doesn't know the access key"
        case "ExpiredToken", "InvalidToken":
            "the session token has ended or isn't that of the keys; renew the credentials"
        case "AccessDenied": "allow it in the policy of the access key (docs/files.md, \"S3\")"
        case "NoSuchBucket": "make the bucket, or correct --files"
        case "NoSuchKey": "the object isn't there"
        case "PermanentRedirect", "AuthorizationHeaderMalformed": "the bucket is in another region: set --s3-region"
        case "RequestTimeTooSkewed": "set this machine's clock"
        case "MethodNotAllowed", "NotImplemented": "the service doesn't have what the server needs"
        default:
            switch status {
            case 301, 307, 308:
                "the bucket is in another region or at another address: set --s3-region or --s3-endpoint"
            case 403: "check the keys, and the policy of the access key"
            case 429, 500...: isFull ? "the service has no room left" : "the service is busy or failing"
            default: nil
            }
        }
    }

    /// Whether there is no object of the name.
    var isMissing: Bool {
        guard case .refused(404, let code, _) = cause else { return false }
        return code != "NoSuchBucket"
    }

    /// Whether the service has no room.
    private var isFull: Bool {
        guard case .refused(let status, let code, _) = cause else { return false }
        return status == 507
            || ["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "InsufficientCapacity"].contains(code)
    }

    /// Whether the same request may fare better later.
    var isPassing: Bool {
        switch cause {
        case .unreachable: true
        case .refused(let status, _, _): !isFull && (status == 408 || status == 429 || status >= 500)
        case .malformed: false
        }
    }

    /// What a client is told: neither the service nor the bucket.
    var answer: ErrorBody {
        if isMissing { return ErrorBody(.internalError, "the bytes of this file are missing on the server") }
        if isFull { return ErrorBody(.insufficientStorage, "the server has no room for files; nothing was stored") }
        return ErrorBody(
            .serviceUnavailable, "the server can't reach the storage of its files; nothing was changed, try again")
    }
}
