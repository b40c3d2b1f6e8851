/// Sends requests to a server and returns the responses. It is the only connection between bkend and the network.
///
/// ```swift
/// struct RecordedTransport: HTTPTransport {
///     var answers: [String: String]
///
///     func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
///         guard let answer = answers[request.head.path ?? ""] else {
///             throw TransportError(kind: .cannotConnect, delivery: .notSent, reason: "no answer was recorded")
///         }
///         let head = HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"])
///         return TransportResponse(head: head, bytes: Array(answer.utf8))
///     }
///
///     func shutdown() async {}
/// }
/// ```
///
/// Without another, a client uses libcurl. An app can supply its own, for example over another HTTP library; tests can
/// supply one that loses responses. A transport sends a request unchanged. It doesn't follow redirects, keep
/// cookies or add credentials, and it never repeats a request whose ``TransportRequest/replay`` is ``Replay/never``.
public protocol HTTPTransport: Sendable {
    /// Sends one request and returns as soon as the response head arrives. The body follows as a stream.
    ///
    /// Every status is a response, including 3xx, 4xx and 5xx. Cancelling the calling task stops the transfer. The
    /// error's ``TransportError/delivery`` shows whether a write may have reached the server.
    ///
    /// - Throws: ``TransportError``, which shows whether the request may have reached the server.
    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse

    /// Cancels requests in flight, closes every connection, and returns when this is done.
    ///
    /// Calling it again does nothing. Requests sent afterwards fail with ``TransportError/Kind/shutDown``.
    func shutdown() async
}
