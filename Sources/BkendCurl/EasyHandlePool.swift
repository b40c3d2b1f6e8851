import BkendTransport
import CCurl
import Synchronization

/// Easy handles that wait for their next transfer. Making one costs more than a small request.
final class EasyHandlePool: Sendable {
    /// Beyond this many at rest a handle is thrown away.
    private static let capacity = 64

    private let configuration: CurlTransport.Configuration
    private let resting = Mutex<[EasyHandle]>([])

    init(_ configuration: CurlTransport.Configuration) {
        self.configuration = configuration
    }

    /// A handle ready to be started.
    func handle(for plan: RequestPlan, _ transfer: Transfer) throws(TransportError) -> EasyHandle {
        guard let handle = resting.withLock({ $0.popLast() }) ?? EasyHandle(configuration) else {
            throw transfer.error(.transportFailed, delivery: .notSent, reason: "libcurl can't allocate a handle")
        }
        handle.prepare(plan, for: transfer)
        guard handle.optionFailure == CURLE_OK else {
            let code = handle.optionFailure
            throw transfer.error(
                .transportFailed, delivery: .notSent, reason: handle.message(for: code), code: Int(code.rawValue))
        }
        return handle
    }

    /// Takes a handle back that no loop runs any longer.
    func recycle(_ handle: EasyHandle) {
        handle.reset()
        resting.withLock { resting in
            if resting.count < Self.capacity { resting.append(handle) }
        }
    }

    func removeAll() {
        let handles = resting.withLock { resting in
            defer { resting = [] }
            return resting
        }
        _ = consume handles  // cleaned up outside the lock
    }
}
