import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

// Requests to addresses of bytes: without key, token or the app's headers, and never to where a redirect leads.

/// A storage's answer to a PUT.
struct StorageAnswer {
    /// The tag of the bytes; nil where they were refused.
    let tag: String?
    /// Why they were refused.
    let refusal: BkendError
}

extension CallRunner {
    /// Sends bytes to an address, again where that can only help.
    ///
    /// - Parameter body: the bytes, made anew for each attempt.
    /// - Returns: the answer, whatever the storage says but that it is busy.
    func put(
        to url: String, type: String?, isRepeatable: Bool, deadline: @Sendable () -> Duration?,
        _ body: () -> RequestBody
    ) async throws(BkendError) -> StorageAnswer {
        let replay = isRepeatable ? Replay.idempotent : .never
        var attempt = 1
        while true {
            var request = try addressed(.put, url, type.map { [.contentType: $0] } ?? [:], deadline: deadline())
            request.body = body()
            request.replay = replay
            let (outcome, failure): (RetryPolicy.Outcome, BkendError)
            do throws(TransportError) {
                let response = try await exchange(request)
                let refusal = Self.refusal(response.head, try await response.body.collect(upTo: 1 << 20))
                let status = response.head.status.code
                let tag = response.head.headerFields[.eTag]
                // A success without the tag of the bytes is the word of somebody in between.
                if (200...299).contains(status), tag == nil { throw Self.foreignStorage }
                guard status == 408 || status == 429 || status >= 500, status != 507 else {
                    return StorageAnswer(tag: (200...299).contains(status) ? tag : nil, refusal: refusal)
                }
                (outcome, failure) = (.answered(response.head, isFromServer: false), refusal)
            } catch {
                (outcome, failure) = (.failed(error), BkendError(BkendError.Reason(error)))
            }
            guard isRepeatable else { throw failure }
            try await pause(after: outcome, failure, attempt: attempt, left: deadline())
            attempt += 1
        }
    }

    /// The bytes at an address, in memory.
    func bytes(
        at url: String, upTo limit: Int, by policy: RetryPolicy?, deadline: @Sendable () -> Duration?
    ) async throws(BkendError) -> Data {
        var attempt = 1
        while true {
            let request = try addressed(.get, url, [.acceptEncoding: "identity"], deadline: deadline())
            let (outcome, failure): (RetryPolicy.Outcome, BkendError)
            do throws(TransportError) {
                let response = try await exchange(request)
                if response.head.status.code == 200 { return Data(try await response.body.collect(upTo: limit)) }
                let refusal = Self.refusal(response.head, try await response.body.collect(upTo: 1 << 20))
                (outcome, failure) = (.answered(response.head, isFromServer: false), refusal)
            } catch {
                (outcome, failure) = (.failed(error), BkendError(BkendError.Reason(error)))
            }
            try await pause(after: outcome, failure, attempt: attempt, by: policy, left: deadline())
            attempt += 1
        }
    }

    /// Waits before the next attempt at a request that may be repeated.
    ///
    /// - Throws: `failure` where there is none.
    func pause(
        after outcome: RetryPolicy.Outcome, _ failure: BkendError, attempt: Int, by policy: RetryPolicy? = nil,
        left: Duration?
    ) async throws(BkendError) {
        let wait = delay(after: outcome, attempt: attempt, .idempotent, by: policy ?? options.retry, left: left)
        guard let wait else { throw failure }
        do { try await pacing.sleep(wait) } catch { throw BkendError(.cancelled(.notSent)) }
    }

    /// Why a storage refuses: the server's own words, where it is the storage.
    static func refusal(_ head: HTTPResponse, _ body: [UInt8]) -> BkendError {
        if case .error(let error) = AnswerReading(head, body) { return BkendError(.server(error)) }
        return BkendError(.file(.storage(status: head.status.code)))
    }

    private static let foreignStorage = TransportError(
        kind: .malformedResponse, delivery: .answered, replay: .idempotent,
        reason: "the answer has no ETag, and so isn't the storage's")

    /// A request to an address.
    func addressed(
        _ method: HTTPRequest.Method, _ url: String, _ fields: HTTPFields, deadline: Duration?
    ) throws(BkendError) -> TransportRequest {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            let host = parts.encodedHost,
            parts.user == nil, parts.password == nil, parts.fragment == nil
        else { throw BkendError(.invalidArgument("the storage's address \(Redaction.withoutQuery(url)) isn't a URL")) }
        let authority = host + (parts.port.map { ":\($0)" } ?? "")
        guard options.plainHTTP.allows(scheme: scheme, authority: authority) else {
            throw BkendError(
                .invalidArgument("the storage's address \(Redaction.withoutQuery(url)) isn't encrypted"))
        }
        let path = parts.percentEncodedPath + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
        let head = HTTPRequest(
            method: method, scheme: scheme, authority: authority, path: path.isEmpty ? "/" : path, headerFields: fields)
        var timeouts = options.timeouts
        timeouts.total = deadline
        return TransportRequest(head: head, timeouts: timeouts, maximumResponseBytes: .max)
    }
}
