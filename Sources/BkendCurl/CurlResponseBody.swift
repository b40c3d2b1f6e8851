import BkendTransport

/// The body of an answer as it comes in. Keeps the transport alive while somebody reads.
final class CurlResponseBody: ResponseBodySource {
    private let transfer: Transfer
    private let loop: EventLoop
    private let transport: CurlTransport

    init(_ transfer: Transfer, _ loop: EventLoop, transport: CurlTransport) {
        self.transfer = transfer
        self.loop = loop
        self.transport = transport
    }

    deinit {
        if !transfer.hasEnded {
            loop.submit(.stop(transfer, .cancelled, reason: "the body wasn't read to the end"))
        }
    }

    func next() async throws(TransportError) -> [UInt8]? {
        if let (result, resume) = transfer.takeBody() {
            if resume { loop.submit(.resumeReceiving(transfer)) }
            return try result.get()
        }
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter in
                if transfer.waitForBody(waiter) { loop.submit(.resumeReceiving(transfer)) }
            }
        } onCancel: {
            loop.stopCancelled(transfer)
        }
        return try result.get()
    }
}
