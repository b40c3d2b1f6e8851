import NIOCore

/// What a connection waits for and whether it has waited too long. Pure: it is told what happens and when, and says
/// when to ask it next.
struct ConnectionWatch {
    private let idle: TimeAmount
    private let stall: TimeAmount
    /// Since when no request is in flight.
    private var idleSince: NIODeadline?
    /// When an idle connection may be closed for a newcomer.
    private var yields: NIODeadline
    private var requestDeadline: NIODeadline?
    private var isRequestPaced = false
    /// The bytes of the body that is on its way.
    private var request: ByteFlow?
    /// The bytes of answers that wait for the client.
    private var answer: ByteFlow?
    private var isAnswering = false
    /// When it is closed, whatever happens.
    private var end: (at: NIODeadline, why: ConnectionEnd)?
    private var isStopping = false

    /// A connection that was made now.
    init(limits: ServerLimits, now: NIODeadline) {
        idle = .seconds(Int64(limits.idleSeconds))
        stall = .seconds(Int64(limits.progressSeconds))
        idleSince = now
        yields = now + ConnectionBounds.newcomer
    }

    /// A request's head is there; `awaitsBody` when more of it is to come.
    mutating func requestBegan(_ deadline: RouteDeadline, awaitsBody: Bool, now: NIODeadline) {
        idleSince = nil
        isAnswering = true
        guard awaitsBody else { return }
        request = ByteFlow(now)
        switch deadline {
        case .whole(let seconds): requestDeadline = now + .seconds(Int64(seconds))
        case .progress: isRequestPaced = true
        case .none: break
        }
    }

    /// Bytes of the body came.
    mutating func received(_ bytes: Int, now: NIODeadline) { request?.add(bytes, now: now) }

    /// The request is there as a whole.
    mutating func requestEnded(now: NIODeadline) {
        (request, requestDeadline, isRequestPaced) = (nil, nil, false)
        if !isAnswering { rest(now) }
    }

    /// Bytes of an answer wait, and so many were taken since it was asked last.
    mutating func answerWaits(taken bytes: Int, now: NIODeadline) {
        if answer == nil { answer = ByteFlow(now) } else { answer?.add(bytes, now: now) }
    }

    /// No byte of an answer waits.
    mutating func answerTaken() { answer = nil }

    /// The answer has ended, and all of it was taken.
    mutating func answerEnded(now: NIODeadline) {
        (isAnswering, answer) = (false, nil)
        if request == nil { rest(now) }
    }

    /// The connection is past the limits.
    mutating func refused(now: NIODeadline) { finish(now + ConnectionBounds.refusal, .refused) }

    /// Nothing more will be answered.
    mutating func closing(now: NIODeadline) { finish(now + ConnectionBounds.linger, .closing) }

    /// The server stops: who keeps it waiting has less time from now on.
    mutating func stopping(now: NIODeadline) {
        isStopping = true
        request?.begin(now)
        answer?.begin(now)
    }

    private mutating func rest(_ now: NIODeadline) {
        idleSince = now
        yields = now
    }

    private mutating func finish(_ at: NIODeadline, _ why: ConnectionEnd) {
        if end.map({ at < $0.at }) ?? true { end = (at, why) }
    }

    /// How long there may be no progress.
    private var patience: TimeAmount { isStopping ? min(stall, ConnectionBounds.stopping) : stall }

    /// Whether the connection has kept the server waiting for too long, and with what.
    mutating func overdue(now: NIODeadline) -> ConnectionEnd? {
        if let end, now >= end.at { return end.why }
        if let idleSince, now >= idleSince + idle { return .idle }
        if let requestDeadline, now >= requestDeadline { return .request }
        let patience = patience
        if isRequestPaced || isStopping, request?.stalls(over: patience, now: now) == true { return .request }
        return answer?.stalls(over: patience, now: now) == true ? .answer : nil
    }

    /// When to ask next; nil while the server keeps the client waiting.
    func nextLook(now: NIODeadline) -> NIODeadline? {
        var next = [idleSince.map { $0 + idle }, requestDeadline, end?.at].compactMap { $0 }
        if answer != nil || request != nil && (isRequestPaced || isStopping) {
            next.append(now + min(.seconds(1), .nanoseconds(patience.nanoseconds / 4)))
        }
        return next.min()
    }

    /// When it may be closed for a newcomer; nil while the server keeps the client waiting.
    var yieldsAt: NIODeadline? {
        if idleSince != nil { return yields }
        return (answer ?? request).map { $0.latest + ConnectionBounds.waiting }
    }
}
