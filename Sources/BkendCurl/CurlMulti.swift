import BkendTransport
import CCurl

/// libcurl's multi handle with all that belongs to it. Touched only by the holder of `EventLoop`'s lock; `EventLoop`
/// says when.
final class CurlMulti {
    private let multi: UnsafeMutableRawPointer
    private let pool: EasyHandlePool
    let poller: Poller
    var sockets = SocketTable()

    private(set) var active: [EasyHandle] = []
    /// Handles whose transfers have news, since the last `settle()`.
    var touched: [EasyHandle] = []
    /// When libcurl wants to be called, and when the first transfer may have expired.
    private var curlDeadline = UInt64.max
    private var watchDeadline = UInt64.max
    /// What the kernel's timer is set to. It is only ever set earlier: waking once too often is cheaper than a system
    /// call for each request.
    private var armedDeadline = UInt64.max
    /// What was next when the last turn ended.
    private(set) var plannedDeadline = UInt64.max
    /// The monotonic clock as of the last event.
    private(set) var now: UInt64 = 0
    private var isClosed = false
    private var attendance = Attendance()
    var watchdog: Watchdog

    /// What tasks ask of the loop.
    enum Command {
        case start(EasyHandle)
        case stop(Transfer, TransportError.Kind, reason: String)
        case resumeReceiving(Transfer)
        case resumeSending(Transfer)

        var isStart: Bool {
            if case .start = self { true } else { false }
        }
    }

    /// `nil` when there is no memory.
    init?(_ configuration: CurlTransport.Configuration, pool: EasyHandlePool, poller: Poller, watchdog: Watchdog) {
        guard let multi = curl_multi_init() else { return nil }
        self.watchdog = watchdog
        self.multi = multi
        self.pool = pool
        self.poller = poller
        bkend_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost)
        // Left to itself libcurl keeps four connections for each transfer it has, and so closes them when few are left.
        bkend_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(64, 2 * configuration.maximumConnectionsPerHost))
        installCallbacks(on: multi)
    }

    // MARK: What the loop calls

    func handle(_ event: Poller.Event) {
        guard !isClosed else { return }
        switch event {
        case .wakeUp:
            break
        case .timer:
            poller.trace?(.handlesTimer)
            armedDeadline = .max
            watchdog.hasSeenTimer = true
        case .watchdog:
            watchdog.isDue = true
        case .socket(let socket, let readable, let writable, let failed):
            poller.trace?(.handles(socket))
            guard sockets.isWanted(socket, poller) else { return }
            now = Poller.now()
            var mask: Int32 = 0
            if readable { mask |= CURL_CSELECT_IN }
            if writable { mask |= CURL_CSELECT_OUT }
            if failed { mask |= CURL_CSELECT_ERR }
            act(on: socket, mask)
        }
    }

    func run(_ commands: [Command]) {
        for command in commands {
            switch command {
            case .start(let handle):
                start(handle)
            case .stop(let transfer, let kind, let reason):
                stop(transfer, kind, reason)
            case .resumeReceiving(let transfer):
                resume(transfer, CURLPAUSE_RECV)
            case .resumeSending(let transfer):
                resume(transfer, CURLPAUSE_SEND)
            }
        }
    }

    /// Starts a request, and if it is the only one, waits a moment for its answer: see `Attendance`.
    ///
    /// - Parameter isInterrupted: whether there is other work.
    func runAttended(_ commands: [Command], isInterrupted: () -> Bool) {
        guard active.isEmpty, !isClosed, commands.count == 1, attendance.isWorthwhile() else {
            run(commands)
            runTimers()
            return
        }
        poller.trace?(.attends(true))
        sockets.beginAttendance()
        run(commands)
        runTimers()
        if sockets.hasAttended, active.count == 1 {
            let deadline = now + UInt64(Attendance.nanoseconds)
            while !active.isEmpty, !isInterrupted(), sockets.hasAttended, now < deadline,
                let event = poller.waitNear(nanoseconds: Int(deadline - now))
            {
                handle(event)
                runTimers()
            }
            attendance.waited(answered: active.isEmpty)
        }
        poller.trace?(.attends(false))
        sockets.endAttendance(poller)
    }

    /// Does what libcurl has due and sets the kernel's timer for the rest. Ends every turn of the loop.
    func runTimers() {
        guard !isClosed else { return }
        // libcurl asks to be called at once after most steps; the bound only guards against a loop without end.
        var turns = 0
        while curlDeadline != .max, turns < 16 {
            if curlDeadline > now { now = Poller.now() }
            guard curlDeadline <= now else { break }
            curlDeadline = .max
            act(on: -1, 0)  // CURL_SOCKET_TIMEOUT
            turns += 1
        }
        let next = min(curlDeadline, watchDeadline)
        plannedDeadline = next
        poller.trace?(.due(next))
        if next < armedDeadline {
            poller.trace?(.armed(next))
            poller.setTimer(next)
            armedDeadline = next
        }
    }

    /// Ends every transfer, closes every connection and frees the handle. Only `run` may be called afterwards.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for handle in active { end(handle, .shutDown, "the transport was shut down") }
        touched = []
        curl_multi_cleanup(multi)
    }

    // MARK: Transfers

    private func start(_ handle: EasyHandle) {
        guard let transfer = handle.transfer, !transfer.hasEnded else {
            pool.recycle(handle)
            return
        }
        guard !isClosed else {
            transfer.end(transfer.error(.shutDown, delivery: .notSent, reason: "the transport has been shut down"))
            transfer.wake()
            pool.recycle(handle)
            return
        }
        now = Poller.now()
        if watchdog.starts() { poller.setWatchdog(every: watchdog.interval) }
        handle.isRun(by: self)
        handle.deadline = TransferDeadline(idle: transfer.timeouts.idle, total: transfer.timeouts.total, now: now)
        watch(handle)
        handle.activeIndex = active.count
        active.append(handle)
        let code = curl_multi_add_handle(multi, handle.curl)
        if code != CURLM_OK { end(handle, .transportFailed, String(cString: curl_multi_strerror(code))) }
    }

    private func stop(_ transfer: Transfer, _ kind: TransportError.Kind, _ reason: String) {
        if let handle = running(transfer) {
            end(handle, kind, reason)
        } else {
            // Not started yet (`start` will see that) or over already.
            transfer.end(transfer.error(kind, delivery: .notSent, reason: reason))
            transfer.wake()
        }
    }

    private func running(_ transfer: Transfer) -> EasyHandle? {
        active.first { $0.transfer === transfer }
    }

    /// Takes a transfer away from libcurl, which closes its connection or resets its stream.
    private func end(_ handle: EasyHandle, _ kind: TransportError.Kind, _ reason: String) {
        if let transfer = handle.transfer {
            let delivery = transfer.delivery(hasSentBytes: handle.hasSentBytes)
            transfer.end(transfer.error(kind, delivery: delivery, reason: reason))
            transfer.wake()
        }
        release(handle)
    }

    private func release(_ handle: EasyHandle) {
        let last = active.removeLast()
        if last !== handle {
            active[handle.activeIndex] = last
            last.activeIndex = handle.activeIndex
        }
        curl_multi_remove_handle(multi, handle.curl)
        if handle.isTouched { touched.removeAll { $0 === handle } }
        pool.recycle(handle)
    }

    private func act(on socket: curl_socket_t, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, mask, &running)
        settle()
    }

    /// After libcurl has run: tells tasks what happened to their transfers.
    private func settle() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = handle(of: message) else { continue }
            let code = bkend_message_result(message)
            if let transfer = handle.transfer {
                let isWhole = code == CURLE_OK && transfer.hasHead
                transfer.end(isWhole ? nil : handle.failure(code, transfer: transfer))
                transfer.wake()
            }
            release(handle)
        }
        var resumed: [Transfer] = []
        // Taken out first: what a callback notes from here on is for the next time.
        let news = touched
        touched.removeAll(keepingCapacity: true)
        for handle in news {
            handle.isTouched = false
            guard let transfer = handle.transfer else { continue }
            let hasRoom = transfer.wake()
            let wantsPause = handle.wantsReceivePause
            handle.wantsReceivePause = false
            if wantsPause, !hasRoom {
                handle.pauseBits |= CURLPAUSE_RECV
                pause(handle)
            } else if hasRoom, handle.pauseBits & CURLPAUSE_RECV != 0 {
                resumed.append(transfer)
            }
        }
        for transfer in resumed { resume(transfer, CURLPAUSE_RECV) }
    }

    private func handle(of message: UnsafeMutablePointer<CURLMsg>) -> EasyHandle? {
        var pointer: UnsafeMutableRawPointer?
        bkend_easy_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &pointer)
        return pointer.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Lets libcurl go on. It may run callbacks at once, which may pause again.
    func resume(_ transfer: Transfer, _ bit: Int32) {
        guard let handle = running(transfer), handle.pauseBits & bit != 0 else { return }
        now = Poller.now()
        handle.pauseBits &= ~bit
        handle.deadline.sawActivity(now: now)
        watch(handle)
        pause(handle)
        settle()
    }

    /// Sets libcurl's pause bits. What it had kept comes first, and a callback may refuse that: then libcurl neither goes
    /// on nor reports, and nobody would ever look at the transfer again.
    private func pause(_ handle: EasyHandle) {
        let code = curl_easy_pause(handle.curl, handle.pauseBits)
        // Without a connection, on its way to another one, there is nothing to pause or to resume.
        guard code != CURLE_OK, code != CURLE_BAD_FUNCTION_ARGUMENT, let transfer = handle.transfer else { return }
        transfer.end(handle.failure(code, transfer: transfer))
        transfer.wake()
        release(handle)
    }

    // MARK: Time

    /// libcurl's own timer: milliseconds from now, -1 for none.
    func setTimer(milliseconds: Int) {
        curlDeadline =
            switch milliseconds {
            case ..<0: .max
            case 0: 0
            default: Poller.now() + UInt64(milliseconds) * 1_000_000
            }
    }

    /// Sees to it that the handle's deadline is looked at in time.
    func watch(_ handle: EasyHandle) {
        watchDeadline = min(watchDeadline, handle.deadline.next(isWaitingForUs: handle.pauseBits != 0))
    }

    /// Ends the transfers that have taken too long. Only the loop's thread does, after it has handled what its wait found:
    /// a process that was stopped for a while has answers waiting.
    func stopExpired() {
        guard !isClosed, watchDeadline != .max else { return }
        now = Poller.now()
        guard watchDeadline <= now else { return }
        for handle in active {
            switch handle.deadline.expiry(now: now, isWaitingForUs: handle.pauseBits != 0) {
            case .idle: end(handle, .idleTimedOut, "the server sent nothing for too long")
            case .total: end(handle, .totalTimedOut, "the request took too long")
            case nil: break
            }
        }
        watchDeadline = .max
        for handle in active { watch(handle) }
    }
}
