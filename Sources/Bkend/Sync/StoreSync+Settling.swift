import BkendSync
import BkendWire

extension StoreSync {
    /// Waits until nothing is left to do, or nothing can be done; see `LocalSync.settled(within:)`.
    func settled(within limit: Duration) async -> SyncStatus {
        let settled = await withTaskGroup(of: SyncStatus.State?.self) { group in
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            group.addTask {
                await self.catchUp()
                return await self.untilSettled()
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
        var status = await status()
        // By now the next poll may be under way.
        if let settled, status.state == .syncing { status.state = settled }
        return status
    }

    /// The state in which nothing was left to do, or could be; nil where there is none.
    private func untilSettled() async -> SyncStatus.State? {
        guard let statuses = engineStatuses() else { return nil }
        for await status in statuses {
            switch status.state {
            case .stopped, .offline, .paused, .signedOut: return status.state
            case .syncing, .waiting: continue
            case .idle: if status.isRead, await !hasEntriesToSend(besides: status) { return status.state }
            }
        }
        return nil
    }

    /// Whether an entry goes its way without the app. What was written since the last status will change it.
    private func hasEntriesToSend(besides status: SyncStatus) async -> Bool {
        let (paused, held) = (status.pausedTables, status.heldFiles)
        // A store that can't be read isn't settled.
        return (try? await open.read { try $0.queue.hasEntriesToSend(besides: paused, held: held) }) ?? true
    }
}

extension SyncStatus {
    /// Whether an engine that rests has read every subscription, or was refused.
    fileprivate var isRead: Bool {
        subscriptions.allSatisfy { subscription in
            switch subscription.phase {
            case .filling, .current: subscription.isUpToDate
            case .denied, .paused: true
            }
        }
    }
}
