import BkendSync
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

extension Call {
    /// A request of the engine's, with the exact bytes of its body. `Call` repeats nothing by itself.
    init(_ request: SyncRequest) {
        switch request.operation {
        case .list(let table, let query):
            self.init(method: .get, table: table, query: query, options: .default)
        case .record(let table, let id):
            self.init(method: .get, table: table, recordID: id, options: .default)
        case .create(let table):
            self.init(method: .post, table: table, options: .default)
        case .update(let table, let id):
            self.init(method: .patch, table: table, recordID: id, options: .default)
        case .delete(let table, let id):
            self.init(method: .delete, table: table, recordID: id, options: .default)
        case .spec(let table):
            self.init(.get, ["data", table, "spec"], options: .default)
        case .me:
            self.init(.get, ["auth", "me"], options: .default)
        case .presign:
            self.init(.post, ["files", "presigned-url"], options: .default)
        case .register:
            self.init(.post, ["files"], options: .default)
        case .file(let id):
            self.init(.get, ["files", id], options: .default)
        case .files(let query):
            self.init(.get, ["files"], options: .default)
            self.query = query
        case .deleteFile(let id):
            self.init(.delete, ["files", id], options: .default)
        case .fileAddress(let id):
            self.init(.post, ["files", id, "download-url"], options: .default)
        case .multipart(let step):
            self.init(.post, ["files", "multipart", step.rawValue], options: .default)
        // Bytes go by an address, not by a route.
        case .put, .get:
            self.init(.post, [""], options: .default)
        }
        exactBody = request.body
    }
}

extension SyncAnswer {
    /// A complete answer, whoever gave it.
    ///
    /// - Parameter now: the wall clock, which counts only for a `Retry-After` with a date in an answer without `Date`.
    init(_ head: HTTPResponse, _ body: [UInt8], now: Date) {
        let fields = head.headerFields
        self.init(
            status: head.status.code, isJSON: head.isJSON,
            date: fields[.date].flatMap(HTTPDate.init).map { Timestamp(clamping: $0.secondsSince1970 * 1_000) },
            retryAfter: RetryAfter(head)?.delay(now: now), tag: fields[.eTag], body: body)
    }
}

extension HTTPResponse {
    /// Whether it says `application/json`, or another type of that syntax (RFC 6839 §3.1), whatever its parameters.
    var isJSON: Bool {
        guard let contentType = headerFields[.contentType] else { return false }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        return type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")
    }
}

extension SyncResponse {
    /// What became of a request that got no complete answer.
    init(_ error: TransportError) {
        if error.kind == .shutDown, error.delivery == .notSent {
            self = .refused(.stopped)
            return
        }
        // The address stands in the whole description; the reason alone names no record.
        let failure = SyncFailure(SyncFailure.Kind(error.kind), error.reason)
        self = error.delivery == .notSent ? .notSent(failure) : .lost(failure)
    }
}

extension SyncFailure.Kind {
    fileprivate init(_ kind: TransportError.Kind) {
        switch kind {
        case .cannotResolveHost, .cannotConnect, .tls, .connectTimedOut: self = .unreachable
        case .idleTimedOut, .totalTimedOut: self = .timedOut
        case .cancelled: self = .cancelled
        default: self = .broken
        }
    }
}
