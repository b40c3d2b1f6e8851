import CCurl

extension CurlMulti {
    /// Looks for what was forgotten, when it is time to. Called by the loop's thread, after it has handled what it woke up
    /// for and before it does what is due.
    func lookAfter() {
        defer { (watchdog.isDue, watchdog.hasSeenTimer) = (false, false) }
        guard watchdog.isDue else { return }
        guard !active.isEmpty else {
            watchdog.rest()
            poller.setWatchdog(every: 0)
            return
        }
        if watchdog.isForgotten(deadline: plannedDeadline, now: Poller.now()) {
            watchdog.tell(.deadline)  // what is due is done right after this
        }
        lookAfterSockets()
        for transfer in active.compactMap(\.transfer) where transfer.isOwedWakeUp {
            watchdog.tell(.wakeUp)
            if transfer.wake() { resume(transfer, CURLPAUSE_RECV) }
        }
        let paused = active.compactMap { $0.isPausedInVain ? $0.transfer : nil }
        for transfer in watchdog.forgotten(of: paused) {
            watchdog.tell(.resumption)
            resume(transfer, CURLPAUSE_RECV)
            resume(transfer, CURLPAUSE_SEND)
        }
    }

    private func lookAfterSockets() {
        let ready = sockets.takeWanted().compactMap { socket, mask, isHandled in
            let events = Poller.ready(socket, mask)
            return events == 0 ? nil : (socket: socket, events: events, isHandled: isHandled)
        }
        let forgotten = watchdog.forgotten(of: ready.map { ($0.socket, $0.isHandled) })
        for (socket, events, _) in ready where forgotten.contains(socket) {
            watchdog.tell(.socket)
            sockets.placeAgain(socket, poller)
            handle(Poller.Event(socket, events))
        }
    }
}

extension EasyHandle {
    /// Whether libcurl holds the transfer up although its task has taken what came, or has given what shall leave.
    fileprivate var isPausedInVain: Bool {
        guard let transfer else { return false }
        return pauseBits & CURLPAUSE_RECV != 0 && transfer.wantsMore
            || pauseBits & CURLPAUSE_SEND != 0 && transfer.upload.hasNews
    }
}
