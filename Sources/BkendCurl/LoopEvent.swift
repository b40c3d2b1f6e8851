/// A step of the event loop's protocol between the tasks, the loop's thread and the kernel.
///
/// A loop that is given a trace tells each step as it takes it; tests compare the steps of real runs with a model of the
/// protocol that is searched exhaustively (`LoopModel`). Without a trace a step costs one comparison with nil.
enum LoopEvent: Sendable, Hashable {
    /// Which of the poller's two sets holds a socket.
    enum Place: Sendable, Hashable {
        case nowhere
        /// The set on which the loop's thread sleeps.
        case far
        /// The set on which a task waits for its own answer (`Attendance`).
        case near
    }

    // MARK: The queue and the lock
    /// A task added a command.
    case queued
    /// A task that is being cancelled added a command, and woke the thread.
    case posted
    /// Somebody looked whether commands wait, to carry them out.
    case looked(found: Bool)
    /// The lock over libcurl is held by somebody else, who will look for commands after letting go of it.
    case refused
    case locked
    /// The holder of the lock took this many commands.
    case took(Int)
    /// The lock is about to be let go of.
    case unlocks

    // MARK: What the holder of the lock does
    /// Whether a task waits for its own answer from now on.
    case attends(Bool)
    /// libcurl waits for a socket, or no longer; `nearby` where a task may wait for it in person.
    case wants(Int32, Bool, nearby: Bool)
    case placed(Int32, Place)
    /// libcurl closed a socket.
    case closed(Int32)
    /// An event of a socket is looked at.
    case handles(Int32)
    case handlesTimer
    /// All that was due is done; the next deadline.
    case due(UInt64)
    /// The kernel's timer is about to be set.
    case armed(UInt64)

    // MARK: The loop's thread
    /// The thread woke up, and the timer, if that was why, is read.
    case woke(timer: Bool, sockets: [Int32])
    /// The loop ends; what is told from here on is of no interest.
    case closing
}

/// Told of each step, on the thread that takes it and in the order in which steps under one lock are taken.
typealias LoopTrace = @Sendable (LoopEvent) -> Void
