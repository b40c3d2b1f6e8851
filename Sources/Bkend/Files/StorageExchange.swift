import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

// Requests to addresses of bytes: without key, token or the app's headers, and never to where a redirect leads.

extension CallRunner {
    /// Sends bytes to an address, again where that can only help.
    ///
    /// - Parameter body: the bytes, made anew for each attempt.
    /// - Returns: the answer's head, whatever the storage says but that it is busy.
    func put(
        to url: String, type: String?, isRepeatable: Bool, deadline: @Sendable () -> Duration?,
        _ body: () -> RequestBody
    ) async throws(BkendError) -> HTTPResponse {
        let policy = options.retry
        var attempt = 1
        while true {
            var request = try addressed(.put, url, type.map { [.contentType: $0] } ?? [:], deadline: deadline())
            request.body = body()
            request.replay = isRepeatable ? .idempotent : .never
            let outcome: RetryPolicy.Outcome
            let failure: BkendError
            do throws(TransportError) {
                let response = try await exchange(request)
                _ = try await response.body.collect(upTo: 1 << 20)
                let status = response.head.status.code
                // A success without the tag of the bytes is the word of somebody in between.
                let isForeign = (200...299).contains(status) && response.head.headerFields[.eTag] == nil
                if isForeign { throw Self.foreignStorage }
                guard status == 408 || status == 429 || status >= 500, status != 507 else { return response.head }
                outcome = .answered(response.head, isFromServer: false)
                failure = BkendError(.file(.storage(status: status, code: nil)))
            } catch {
                outcome = .failed(error)
                failure = BkendError(error.kind == .cancelled ? .cancelled(error.delivery) : .transport(error))
            }
            let replay = request.replay
            let decision = pacing.draw { generator in
                policy.decide(attempt: attempt, outcome: outcome, replay: replay, now: Date(), using: &generator)
            }
            guard isRepeatable, case .retry(let delay) = decision else { throw failure }
            do { try await pacing.sleep(delay) } catch { throw BkendError(.cancelled(.notSent)) }
            attempt += 1
        }
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

extension CallRunner {
    /// The bytes at an address, in memory.
    func bytes(at url: String, upTo limit: Int, deadline: Duration?) async throws(BkendError) -> Data {
        let request = try addressed(.get, url, [.acceptEncoding: "identity"], deadline: deadline)
        let response: TransportResponse
        do throws(TransportError) { response = try await exchange(request) } catch {
            throw BkendError(error.kind == .cancelled ? .cancelled(error.delivery) : .transport(error))
        }
        guard response.head.status.code == 200 else {
            throw BkendError(.file(.storage(status: response.head.status.code, code: nil)))
        }
        do throws(TransportError) {
            return Data(try await response.body.collect(upTo: limit))
        } catch {
            throw BkendError(error.kind == .cancelled ? .cancelled(error.delivery) : .transport(error))
        }
    }
}
