import BkendTransport
import CCurl
import Glibc
import Synchronization

/// Runs libcurl: one multi handle, one thread that waits for its sockets and timers.
///
/// A multi handle may be used from any thread, by one at a time. So a task that has a request does not wake the
/// thread: it takes the lock if that is free and hands libcurl the request itself, which writes it to the connection
/// there and then. The answer wakes the thread. That saves one of the two changes of thread that a small request
/// would spend most of its time with. If the lock is taken, its holder finds the command in the queue before it is
/// done; so a task never waits.
final class EventLoop: Sendable {
    private struct Queue {
        var commands: [CurlMulti.Command] = []
        var isClosed = false
    }

    private enum Ending {
        case running([CheckedContinuation<Void, Never>])
        case over
    }

    let pool: EasyHandlePool
    let poller: Poller
    private let trace: LoopTrace?
    private let multi: Mutex<CurlMulti>
    private let queue = Mutex(Queue())
    private let ending = Mutex(Ending.running([]))
    /// A task holds the lock and waits for its answer.
    private let isAttended = Atomic(false)
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts the thread, which keeps the loop alive until `close()`.
    init(
        _ configuration: CurlTransport.Configuration, watchdog: Watchdog = Watchdog(), trace: LoopTrace? = nil
    ) throws(TransportError) {
        func failed(_ reason: String) -> TransportError {
            TransportError(kind: .transportFailed, delivery: .notSent, reason: reason)
        }
        pool = EasyHandlePool(configuration)
        guard let poller = Poller(trace: trace) else { throw failed("no file descriptors are left (errno \(errno))") }
        self.poller = poller
        self.trace = trace
        guard let multi = CurlMulti(configuration, pool: pool, poller: poller, watchdog: watchdog) else {
            throw failed("libcurl can't allocate a multi handle")
        }
        self.multi = Mutex(multi)

        var thread = pthread_t()
        let me = Unmanaged.passRetained(self)
        let code = pthread_create(&thread, nil, { EventLoop.runThread($0) }, me.toOpaque())
        guard code == 0 else {
            me.release()
            throw failed("a thread can't be started (error \(code))")
        }
        self.thread.withLock { $0 = thread }
    }

    // MARK: The tasks' side

    /// Has a command carried out, here or by whoever drives libcurl at the moment.
    func submit(_ command: CurlMulti.Command) {
        let isClosed = queue.withLock { queue in
            guard !queue.isClosed else { return true }
            queue.commands.append(command)
            trace?(.queued)
            return false
        }
        if isClosed {
            // Closing ends what has begun, and refuses what is new.
            if command.isStart { multi.withLock { $0.run([command]) } }
        } else {
            runCommands(attended: command.isStart)
        }
    }

    /// Stops a transfer whose task is being cancelled.
    ///
    /// The thread does it, since nothing may be waited for here: a task can't be woken before its cancellation handlers
    /// have returned, whoever drives libcurl may be waking it at this moment, and to drive libcurl here could mean to wake
    /// another task that is being cancelled.
    func stopCancelled(_ transfer: Transfer) {
        queue.withLock { queue in
            guard !queue.isClosed else { return }
            queue.commands.append(.stop(transfer, .cancelled, reason: "the task was cancelled"))
            trace?(.posted)
        }
        poller.wake()
    }

    /// Runs commands until none are left or somebody else does. Whoever let go of the lock looks again, so that no
    /// command stays behind that came while it was held.
    private func runCommands(attended: Bool = false) {
        while findsCommands() {
            let driven: Void? = multi.withLockIfAvailable { multi in
                trace?(.locked)
                defer { trace?(.unlocks) }
                if attended {
                    isAttended.store(true, ordering: .sequentiallyConsistent)
                    multi.runAttended(takeCommands()) { hasCommands }
                    isAttended.store(false, ordering: .sequentiallyConsistent)
                } else {
                    multi.run(takeCommands())
                    multi.runTimers()
                }
            }
            guard driven == nil else { continue }
            trace?(.refused)
            // Whoever holds the lock looks for commands after letting go of it, but shall not wait on meanwhile.
            if isAttended.load(ordering: .sequentiallyConsistent) { poller.interrupt() }
            return
        }
    }

    private var hasCommands: Bool { queue.withLock { !$0.commands.isEmpty } }

    private func findsCommands() -> Bool {
        queue.withLock { queue in
            trace?(.looked(found: !queue.commands.isEmpty))
            return !queue.commands.isEmpty
        }
    }

    private func takeCommands() -> [CurlMulti.Command] {
        queue.withLock { queue in
            defer { queue.commands = [] }
            trace?(.took(queue.commands.count))
            return queue.commands
        }
    }

    // MARK: The thread's side

    private static func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context else { return nil }
        // A write to a dead connection is an error code, not the end of the process.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
    }

    private func run() {
        var events: [Poller.Event] = []
        // Waits in a row after which there may be more to read.
        var full = 0
        while !queue.withLock({ $0.isClosed }) {
            events.removeAll(keepingCapacity: true)
            poller.wait(for: &events)
            full = events.count < Poller.batch ? 0 : full + 1
            multi.withLock { [events, full] multi in
                trace?(.locked)
                defer { trace?(.unlocks) }
                for event in events { multi.handle(event) }
                multi.run(takeCommands())
                multi.lookAfter()
                // No transfer expires whose answer is here: by now what the sockets have is read, unless there is more.
                // Where there is always more, thousands of sockets have had their turn.
                if full.isMultiple(of: Poller.batch) { multi.stopExpired() }
                multi.runTimers()
            }
            runCommands()
        }
        multi.withLock { multi in
            trace?(.closing)
            multi.close()
            multi.run(takeCommands())
        }
        pool.removeAll()
        let waiters = ending.withLock { ending -> [CheckedContinuation<Void, Never>] in
            defer { ending = .over }
            if case .running(let waiters) = ending { return waiters }
            return []
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: The end

    /// Asks the thread to end everything and then itself.
    func close() {
        queue.withLock { $0.isClosed = true }
        poller.wake()
    }

    /// Closes and waits until nothing is left.
    func closeAndWait() async {
        close()
        await withCheckedContinuation { continuation in
            let isOver = ending.withLock { ending in
                guard case .running(let waiters) = ending else { return true }
                ending = .running(waiters + [continuation])
                return false
            }
            if isOver { continuation.resume() }
        }
        if let thread = takeThread() { pthread_join(thread, nil) }  // returns at once: the thread has done its work
    }

    /// Closes and lets the thread end by itself.
    func closeAndForget() {
        close()
        if let thread = takeThread() { pthread_detach(thread) }
    }

    private func takeThread() -> pthread_t? {
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
    }
}
