import BkendTransport

/// The life of one transfer, as a pure decision maker: events in, actions out. Buffers, handles and waiting tasks are
/// `Transfer`'s.
///
///     queued ──► sending ──► answering ──► ended
///        └──────────┴────────────┴──────────►
struct TransferStateMachine {
    /// Buffered body from which on libcurl is asked to stop reading.
    static let pauseThreshold = 256 << 10
    /// Buffered body from which on nothing more is taken, not even what was decompressed from bytes that are here
    /// already: one network read may expand a thousandfold.
    static let refuseThreshold = 4 << 20

    private enum State {
        case queued
        case sending
        case answering
        case ended(failed: Bool)
    }

    private var state = State.queued
    private let replay: Replay
    private let maximumBodyBytes: Int
    private var buffered = 0
    private var received = 0
    private(set) var isReceivePaused = false

    init(replay: Replay, maximumBodyBytes: Int) {
        self.replay = replay
        self.maximumBodyBytes = maximumBodyBytes
    }

    var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// Whether the head of the answer is complete, and the transfer still runs.
    var hasHead: Bool {
        switch state {
        case .answering: true
        case .queued, .sending, .ended: false
        }
    }

    /// Whether body bytes wait to be taken.
    var hasPiece: Bool { buffered > 0 }

    // MARK: Events from libcurl

    enum SendAction: Equatable {
        case send
        /// A second copy was about to leave.
        case refuse
    }

    /// A connection is ready and the request is about to be written to it. libcurl comes here again when it repeats a
    /// request because a kept-alive connection was dead or a server refused the stream.
    ///
    /// - Parameter hasSentBytes: whether any byte of the request has been given to a connection before.
    mutating func requestLeaves(hasSentBytes: Bool) -> SendAction {
        switch state {
        case .queued:
            state = .sending
            return .send
        case .sending:
            return replay == .idempotent || !hasSentBytes ? .send : .refuse
        case .answering, .ended:
            return .refuse
        }
    }

    /// The head of the final answer is complete.
    mutating func headArrived() {
        switch state {
        case .queued, .sending: state = .answering
        case .answering, .ended: break
        }
    }

    enum BodyAction: Equatable {
        case accept
        /// Accept, and stop reading from the network afterwards.
        case acceptThenPause
        /// Don't accept yet; the same bytes are offered again after the pause.
        case pause
        case refuseTooLarge
        /// Nobody wants it any longer.
        case refuse
    }

    /// Decompressed body bytes are offered.
    mutating func bodyArrived(_ count: Int) -> BodyAction {
        guard case .answering = state else { return .refuse }
        guard count <= maximumBodyBytes - received else { return .refuseTooLarge }
        guard buffered < Self.refuseThreshold else {
            isReceivePaused = true
            return .pause
        }
        received += count
        buffered += count
        guard buffered >= Self.pauseThreshold, !isReceivePaused else { return .accept }
        isReceivePaused = true
        return .acceptThenPause
    }

    /// libcurl is through with the transfer, or it was taken away from libcurl. The first end counts.
    mutating func ended(failed: Bool) {
        if !hasEnded { state = .ended(failed: failed) }
    }

    // MARK: Events from the caller

    enum TakeAction: Equatable {
        /// Hand over all buffered bytes; let libcurl read again if it was paused.
        case take(resume: Bool)
        case wait
        case finish
        case fail
    }

    /// The caller wants the next piece of the body. What arrived before a failure is handed over first.
    mutating func bodyWanted() -> TakeAction {
        if buffered > 0 {
            buffered = 0
            let resume = isReceivePaused && !hasEnded
            isReceivePaused = false
            return .take(resume: resume)
        }
        switch state {
        case .ended(let failed): return failed ? .fail : .finish
        case .queued, .sending, .answering: return .wait
        }
    }

    /// How far the request came, if the transfer failed now.
    ///
    /// - Parameter hasSentBytes: whether any byte of the request was given to a connection.
    func delivery(hasSentBytes: Bool) -> TransportError.Delivery {
        switch state {
        case .queued: .notSent
        case .sending: hasSentBytes ? .mayHaveReachedServer : .notSent
        case .answering, .ended: .answered
        }
    }
}
