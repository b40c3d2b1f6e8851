/// Something that goes wrong with one request, as networks, proxies and servers do it.
///
/// A fault says nothing about where it happens: give a ``FaultPlan`` to a ``FaultTransport`` and only that client suffers;
/// give it to `TestServer.start(faults:)` and every client of the server does, over real sockets. The words "before" and
/// "after the commit" are about what the server did when the client is left without an answer: the difference decides
/// whether a create that is sent again makes a second record.
public struct Fault: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        case delay(Duration)
        case refuse
        case dropBeforeCommit
        case dropAfterCommit
        case commitLate(Duration)
        case cutBody(Int)
        case answer(FaultAnswer, afterCommit: Bool)
        case swapAnswers
        case event(@Sendable () async throws -> Void)
    }

    let kind: Kind
    /// The fault in words, as the plan's log has it.
    public let description: String

    /// The request goes out later. Time is the plan's clock's.
    public static func delay(_ duration: Duration) -> Fault { Fault(.delay(duration), "delay \(duration)") }

    /// Nobody takes the connection: nothing of the request leaves, and it may be sent again. In a server, which has taken
    /// the connection already, the same as ``dropBeforeCommit``.
    public static let refuse = Fault(.refuse, "refuse")

    /// The connection breaks before the server has seen the request. The client can't know that.
    public static let dropBeforeCommit = Fault(.dropBeforeCommit, "drop before the commit")

    /// The server does what it is asked, and its answer is lost.
    public static let dropAfterCommit = Fault(.dropAfterCommit, "drop after the commit")

    /// The connection breaks at once, and the request reaches the server later all the same, like one that was kept in a
    /// proxy's buffer. Wait for it with `lateRequests()`.
    public static func commitLate(_ duration: Duration) -> Fault {
        Fault(.commitLate(duration), "commit after \(duration)")
    }

    /// The answer's head and so many bytes of its body arrive, then the connection breaks.
    public static func cutBody(after bytes: Int) -> Fault {
        Fault(.cutBody(bytes), "cut the body after \(bytes) bytes")
    }

    /// Somebody else answers.
    ///
    /// - Parameters:
    ///   - answer: what is answered: `.tooManyRequests()`, `.status(503)`, `.html()`, `.badJSON`, or your own.
    ///   - afterCommit: whether the server has done what it was asked before, as behind a proxy that lost patience.
    public static func answer(_ answer: FaultAnswer, afterCommit: Bool = false) -> Fault {
        Fault(.answer(answer, afterCommit: afterCommit), "answer \(answer)\(afterCommit ? " after the commit" : "")")
    }

    /// Two requests that meet this fault get each other's answers. The first waits up to two seconds for the second, and
    /// keeps its own answer when none comes: plan it with `times: 2`.
    public static let swapAnswers = Fault(.swapAnswers, "swap answers")

    /// Runs code of yours, and then lets the request go on: revoke a key, change permissions, restore a backup, move a
    /// clock, just before this request.
    ///
    ///     plan.on(.patch, "/v1/data/notes/*", .event("permissions") { try server.apply(readOnly) })
    ///
    /// What restarts the server (`TestServer.restore(_:)`) belongs to a plan of a ``FaultTransport``: a server can't wait
    /// for its own requests to end while it handles one. An error that the code throws ends the request as
    /// ``dropBeforeCommit`` does.
    public static func event(_ name: String, _ body: @escaping @Sendable () async throws -> Void) -> Fault {
        Fault(.event(body), name)
    }

    private init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What a client must get over without help: of each kind of broken network and busy server one or two, none of them
    /// longer than some milliseconds. What ``FaultPlan/random(seed:rate:of:clock:)`` draws from unless said otherwise.
    public static let network: [Fault] = [
        .delay(.milliseconds(5)), .refuse, .dropBeforeCommit, .dropAfterCommit, .cutBody(after: 0), .cutBody(after: 20),
        .answer(.tooManyRequests(retryAfter: 0)), .answer(.status(503)), .answer(.status(502), afterCommit: true),
        .answer(.html()), .answer(.badJSON),
    ]
}
