import CCurl
import Glibc

/// The kernel objects that the loop thread sleeps on: an epoll set with libcurl's sockets, two timers and a wake-up.
///
/// All can be used from any thread, which is what lets a task hand libcurl a request without waking the loop: a
/// socket added to the set, or a timer set earlier, reaches the sleeping thread by itself.
final class Poller: Sendable {
    private let epoll: Int32
    /// A second set, for the socket that a task waits for in person (`Attendance`), and what interrupts that wait.
    private let nearEpoll: Int32
    private let interruption: Int32
    private let timer: Int32
    private let watchdog: Int32
    private let wakeUp: Int32
    let trace: LoopTrace?

    /// What woke the loop.
    enum Event: Equatable {
        case socket(Int32, readable: Bool, writable: Bool, failed: Bool)
        case timer
        /// Time to look for what was forgotten: see `Watchdog`.
        case watchdog
        case wakeUp
    }

    /// `nil` when the process has no descriptors left.
    init?(trace: LoopTrace? = nil) {
        self.trace = trace
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        nearEpoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        interruption = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        watchdog = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard epoll >= 0, nearEpoll >= 0, interruption >= 0, timer >= 0, watchdog >= 0, wakeUp >= 0,
            control(epoll, EPOLL_CTL_ADD, timer, Self.readable), control(epoll, EPOLL_CTL_ADD, wakeUp, Self.readable),
            control(epoll, EPOLL_CTL_ADD, watchdog, Self.readable),
            control(nearEpoll, EPOLL_CTL_ADD, interruption, Self.readable)
        else { return nil }
    }

    deinit {
        for descriptor in [epoll, nearEpoll, interruption, timer, watchdog, wakeUp] where descriptor >= 0 {
            close(descriptor)
        }
    }

    static let readable = EPOLLIN.rawValue
    static let writable = EPOLLOUT.rawValue

    func add(_ socket: Int32, _ mask: UInt32) -> Bool { control(epoll, EPOLL_CTL_ADD, socket, mask) }
    func change(_ socket: Int32, _ mask: UInt32) -> Bool { control(epoll, EPOLL_CTL_MOD, socket, mask) }
    func remove(_ socket: Int32) { _ = control(epoll, EPOLL_CTL_DEL, socket, 0) }
    func addNear(_ socket: Int32) -> Bool { control(nearEpoll, EPOLL_CTL_ADD, socket, Self.readable) }
    func removeNear(_ socket: Int32) { _ = control(nearEpoll, EPOLL_CTL_DEL, socket, 0) }

    private func control(_ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ mask: UInt32) -> Bool {
        var event = epoll_event()
        event.events = mask
        event.data.fd = descriptor
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }

    /// Wakes the loop at a moment of the monotonic clock, in nanoseconds.
    func setTimer(_ deadline: UInt64) {
        var time = itimerspec()
        let deadline = max(1, deadline)  // 0 would turn the timer off
        time.it_value.tv_sec = Int(deadline / 1_000_000_000)
        time.it_value.tv_nsec = Int(deadline % 1_000_000_000)
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &time, nil)
    }

    /// Wakes the loop every so many nanoseconds, or no longer for 0. A timer apart, so that it wakes also where the other
    /// was set wrongly.
    func setWatchdog(every nanoseconds: UInt64) {
        var time = itimerspec()
        time.it_interval.tv_sec = Int(nanoseconds / 1_000_000_000)
        time.it_interval.tv_nsec = Int(nanoseconds % 1_000_000_000)
        time.it_value = time.it_interval
        timerfd_settime(watchdog, 0, &time, nil)
    }

    /// The socket's events of `mask` that are there now, without waiting; 0 for none.
    static func ready(_ socket: Int32, _ mask: UInt32) -> UInt32 {
        // poll's bits are epoll's (linux/eventpoll.h), errors and hang-ups are always told.
        var entry = pollfd(fd: socket, events: Int16(truncatingIfNeeded: mask), revents: 0)
        return poll(&entry, 1, 0) == 1 ? UInt32(UInt16(bitPattern: entry.revents)) : 0
    }

    /// Wakes the loop now.
    func wake() {
        eventfd_write(wakeUp, 1)
    }

    /// How many events one wait finds at most; the others are found by the next one.
    static let batch = 64

    /// Sleeps until something happens, and adds it to a list.
    func wait(for events: inout [Event]) {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { found in
            // An interrupted wait (EINTR) finds nothing, and the loop comes back.
            let count = epoll_wait(epoll, found.baseAddress, Int32(found.count), -1)
            for index in 0..<max(0, Int(count)) { events.append(event(found[index])) }
        }
        guard let trace else { return }
        let sockets = events.compactMap { if case .socket(let socket, _, _, _) = $0 { socket } else { nil } }
        trace(.woke(timer: events.contains(.timer), sockets: sockets))
    }

    /// Ends `waitNear` early.
    func interrupt() {
        eventfd_write(interruption, 1)
    }

    /// Waits for a socket of the near set, for a very short time; `nil` when that is over or the wait interrupted.
    func waitNear(nanoseconds: Int) -> Event? {
        var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
        var found = epoll_event()
        guard epoll_pwait2(nearEpoll, &found, 1, &time, nil) == 1 else { return nil }
        guard found.data.fd != interruption else {
            var count: eventfd_t = 0
            eventfd_read(interruption, &count)
            return nil
        }
        return event(found)
    }

    private func event(_ event: epoll_event) -> Event {
        let descriptor = event.data.fd
        if descriptor == timer || descriptor == wakeUp || descriptor == watchdog {
            var count: eventfd_t = 0
            eventfd_read(descriptor, &count)
            return descriptor == timer ? .timer : descriptor == wakeUp ? .wakeUp : .watchdog
        }
        return Event(descriptor, event.events)
    }

    /// The monotonic clock in nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Poller.Event {
    /// What epoll or poll told about a socket.
    init(_ socket: Int32, _ events: UInt32) {
        self = .socket(
            socket, readable: events & Poller.readable != 0, writable: events & Poller.writable != 0,
            failed: events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0)
    }
}
