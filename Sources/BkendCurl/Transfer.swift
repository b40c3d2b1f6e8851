import BkendTransport
import HTTPTypes
import Synchronization

/// One request on its way: where the event loop, which runs libcurl, and the task that waits for the answer meet.
///
/// The loop may hold its own lock while it takes this one; never the other way round.
final class Transfer: Sendable {
    /// What a task waits for after sending.
    typealias HeadResult = Result<[UInt8], TransportError>
    /// What a task waits for while reading.
    typealias BodyResult = Result<[UInt8]?, TransportError>

    private struct State {
        var machine: TransferStateMachine
        /// The head as received, status line included; empty until it is complete and once it is handed over.
        var head: [UInt8] = []
        var body: [UInt8] = []
        var failure: TransportError?
        // Unsafe continuations: a state of its own says that each is resumed once, and checking them again costs a
        // tenth of a small request.
        var headWaiter: UnsafeContinuation<HeadResult, Never>?
        var bodyWaiter: UnsafeContinuation<BodyResult, Never>?
    }

    let request: HTTPRequest
    let timeouts: Timeouts
    let replay: Replay
    let upload: Upload
    private let state: Mutex<State>

    init(_ request: TransportRequest) {
        self.request = request.head
        self.timeouts = request.timeouts
        self.replay = request.replay
        upload =
            switch request.body {
            case .none: Upload([])
            case .bytes(let bytes): Upload(bytes)
            case .stream(let stream): Upload(streamOf: stream.length)
            }
        let machine = TransferStateMachine(replay: request.replay, maximumBodyBytes: request.maximumResponseBytes)
        self.state = Mutex(State(machine: machine))
    }

    // MARK: The loop's side

    var hasEnded: Bool { state.withLock { $0.machine.hasEnded } }
    var hasHead: Bool { state.withLock { $0.machine.hasHead } }

    func requestLeaves(hasSentBytes: Bool) -> TransferStateMachine.SendAction {
        state.withLock { $0.machine.requestLeaves(hasSentBytes: hasSentBytes) }
    }

    func headArrived(_ head: [UInt8]) {
        state.withLock { state in
            state.machine.headArrived()
            state.head = head
        }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) -> TransferStateMachine.BodyAction {
        state.withLock { state in
            let action = state.machine.bodyArrived(bytes.count)
            if action == .accept || action == .acceptThenPause {
                state.body.append(contentsOf: bytes)
            }
            return action
        }
    }

    func delivery(hasSentBytes: Bool) -> TransportError.Delivery {
        state.withLock { $0.machine.delivery(hasSentBytes: hasSentBytes) }
    }

    /// Ends the transfer; `wake()` tells the waiting task.
    func end(_ failure: TransportError?) {
        state.withLock { state in
            guard !state.machine.hasEnded else { return }
            state.machine.ended(failed: failure != nil)
            state.failure = failure
        }
        upload.end()
    }

    /// Resumes the waiting task if what it waits for is there. The loop calls it once all events of a socket are
    /// handled, so that a small answer is handed over whole and its body read without another wait.
    ///
    /// - Returns: whether the task took what had filled the buffer, so that libcurl shall go on reading.
    @discardableResult func wake() -> Bool {
        state.withLock { state in
            if let waiter = state.headWaiter, let result = Self.headResult(&state) {
                state.headWaiter = nil
                waiter.resume(returning: result)
            } else if let waiter = state.bodyWaiter, let (result, resume) = Self.bodyResult(&state) {
                state.bodyWaiter = nil
                waiter.resume(returning: result)
                return resume
            }
            return false
        }
    }

    /// Whether a task waits for what is there already.
    var isOwedWakeUp: Bool {
        state.withLock { state in
            state.headWaiter != nil && (!state.head.isEmpty || state.failure != nil)
                || state.bodyWaiter != nil && (state.machine.hasPiece || state.machine.hasEnded)
        }
    }

    /// Whether libcurl may read on: the buffer is not full, or its bytes were taken since.
    var wantsMore: Bool { state.withLock { !$0.machine.isReceivePaused && !$0.machine.hasEnded } }

    // MARK: The task's side

    /// Waits for the head. Returns false, and resumes the waiter, if the transfer has ended before it began.
    func waitForHead(_ waiter: UnsafeContinuation<HeadResult, Never>) -> Bool {
        state.withLock { state in
            if let result = Self.headResult(&state) {
                waiter.resume(returning: result)
                return false
            }
            state.headWaiter = waiter
            return true
        }
    }

    /// The next piece of the body if it is there, and whether libcurl has to be told to read again.
    func takeBody() -> (BodyResult, resume: Bool)? {
        state.withLock { Self.bodyResult(&$0) }
    }

    /// Waits for the next piece of the body. Returns whether libcurl has to be told to read again.
    func waitForBody(_ waiter: UnsafeContinuation<BodyResult, Never>) -> Bool {
        state.withLock { state in
            if let (result, resume) = Self.bodyResult(&state) {
                waiter.resume(returning: result)
                return resume
            }
            if state.bodyWaiter != nil {
                waiter.resume(returning: .failure(secondReader))
                return false
            }
            state.bodyWaiter = waiter
            return false
        }
    }

    private static func headResult(_ state: inout State) -> HeadResult? {
        if !state.head.isEmpty {
            defer { state.head = [] }
            return .success(state.head)
        }
        return state.failure.map { .failure($0) }
    }

    private static func bodyResult(_ state: inout State) -> (BodyResult, resume: Bool)? {
        switch state.machine.bodyWanted() {
        case .take(let resume):
            defer { state.body = [] }
            return (.success(state.body), resume)
        case .finish: return (.success(nil), false)
        case .fail: return state.failure.map { (.failure($0), false) }
        case .wait: return nil
        }
    }

    private var secondReader: TransportError {
        error(.invalidRequest, delivery: .answered, reason: "two tasks read one response body at the same time")
    }

    /// An error that names this request.
    func error(
        _ kind: TransportError.Kind, delivery: TransportError.Delivery, reason: String, code: Int? = nil
    ) -> TransportError {
        let url = "\(request.scheme ?? "")://\(request.authority ?? "")\(request.path ?? "")"
        return TransportError(
            kind: kind, delivery: delivery, replay: replay, method: request.method.rawValue, url: url, reason: reason,
            underlyingCode: code)
    }
}
