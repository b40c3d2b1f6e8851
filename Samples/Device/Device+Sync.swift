import Bkend

extension Device {
    /// Sends what waits, fetches what is new, and says how it ended. Subscribe first to what this device should have.
    ///
    /// - Parameter limit: when to give up a network so slow that it doesn't end. What arrived until then stays.
    /// - Throws: `SampleError` if nothing can be exchanged. Everything that waits stays on this device.
    package func sync(_ options: SyncOptions = SyncOptions(), within limit: Duration = .seconds(120)) async throws {
        let progress = Progress("waiting for the server")
        let shown = Task {
            for try await counts in store.outbox.changes { progress.show(counts.total - counts.failed) }
        }
        try await store.sync.start(options)
        let status = await store.sync.settled(within: limit)
        shown.cancel()
        progress.clear()
        if let problem = problem(status, limit) {
            let waiting = status.pending > 0 ? "; \(counted(status.pending, "change")) safe on this device" : ""
            throw SampleError(problem + waiting)
        }
        let left = try await store.outbox.counts()
        var words: [String] = []
        if status.pending > 0 { words.append("\(counted(status.pending, "change")) waiting") }
        if left.failed > 0 { words.append("\(counted(left.failed, "change")) rejected") }
        if left.reports > 0 { words.append(counted(left.reports, "report")) }
        say(words.isEmpty ? "in sync" : words.joined(separator: ", ") + ": see outbox")
    }

    /// Why nothing can be exchanged now, for people; nil when something can.
    private func problem(_ status: SyncStatus, _ limit: Duration) -> String? {
        let reason = status.lastError.map { " (\($0))" } ?? ""
        switch status.state {
        // What the server refuses to a guest waits for a sign-up.
        case .idle where !status.pausedTables.isEmpty: return nil
        case .idle: return status.pending > 0 && status.lastError != nil ? "not finished\(reason)" : nil
        case .syncing: return "not finished after \(limit.components.seconds) s: sync again to go on\(reason)"
        case .offline: return "no connection to the server\(reason)"
        case .waiting: return "the server asks for patience\(reason)"
        case .signedOut: return "the session has ended: sign in again with --email and --password"
        case .stopped: return "another program on this device does it already"
        case .paused: return "paused: the server, the key or the account is another\(reason)"
        }
    }
}
