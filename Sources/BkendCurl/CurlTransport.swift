public import BkendTransport
import CCurl

/// A transport that uses libcurl. It supports HTTP/1.1, and HTTP/2 if a TLS server offers it. It reuses connections and
/// accepts responses compressed with gzip, brotli or zstd.
///
/// It always checks certificates and requires TLS 1.2 or later. It doesn't follow redirects, keep cookies, read
/// `.netrc` or take a proxy from the environment. It sends a request that must not be repeated at most once, even if
/// the connection is lost.
///
/// Share one transport and keep it for a long time: it owns a thread and a pool of connections. Call ``shutdown()``
/// when you no longer need it. A transport that is only released also closes, but at an unspecified time.
public final class CurlTransport: HTTPTransport {
    private let configuration: Configuration
    let loop: EventLoop

    /// Starts a transport.
    ///
    /// - Throws: ``TransportError`` of kind ``TransportError/Kind/transportFailed`` if the system's libcurl is older
    ///   than 7.88, or if memory, file descriptors or threads have run out.
    public convenience init(configuration: Configuration = Configuration()) throws(TransportError) {
        try self.init(configuration: configuration, watchdog: Watchdog(), trace: nil)
    }

    /// Starts a transport with a watchdog of its own, whose loop tells its steps.
    init(configuration: Configuration, watchdog: Watchdog, trace: LoopTrace?) throws(TransportError) {
        try Libcurl.prepare()
        self.configuration = configuration
        loop = try EventLoop(configuration, watchdog: watchdog, trace: trace)
    }

    deinit {
        loop.closeAndForget()
    }

    /// Sends one request; see ``HTTPTransport/send(_:)``.
    public func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        let plan = try RequestPlan(request, plainHTTP: configuration.plainHTTP)
        let transfer = Transfer(request)
        let handle = try loop.pool.handle(for: plan, transfer)
        if case .stream(let stream) = request.body { produce(stream, for: transfer) }

        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                if transfer.waitForHead(waiter) {
                    loop.submit(.start(handle))
                } else {
                    loop.pool.recycle(handle)
                }
            }
        } onCancel: {
            loop.stopCancelled(transfer)
        }

        let bytes = try result.get()
        let body = CurlResponseBody(transfer, loop, transport: self)  // let go of unread, it stops the transfer
        guard let head = ResponseHead(bytes) else {
            throw transfer.error(.malformedResponse, delivery: .answered, reason: "the response head isn't HTTP")
        }
        return TransportResponse(head: head.response, body: ResponseBody(body), version: head.version)
    }

    /// Cancels requests in flight, closes every connection and ends the thread.
    public func shutdown() async {
        await loop.closeAndWait()
    }

    /// Runs the producer of a request body beside the transfer.
    private func produce(_ stream: RequestBodyStream, for transfer: Transfer) {
        let upload = transfer.upload
        let resumed = { @Sendable [loop] in loop.submit(.resumeSending(transfer)) }
        let task = Task {
            do {
                try await stream.produce { chunk in
                    guard await upload.write(chunk, resumed: resumed) else { throw CancellationError() }
                }
                upload.finish(nil, resumed: resumed)
            } catch {
                upload.finish((.requestBodyFailed, "producing the request body failed: \(error)"), resumed: resumed)
            }
        }
        upload.setProducer(task)
    }
}
