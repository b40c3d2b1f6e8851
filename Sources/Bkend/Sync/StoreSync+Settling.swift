import BkendSync
import BkendWire

extension StoreSync {
    /// Waits until nothing is left to do, or nothing can be done; see `LocalSync.settled(within:)`.
    func settled(within limit: Duration) async -> SyncStatus {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: limit) }
            group.addTask {
                await self.catchUp()
                await self.untilSettled()
            }
            await group.next()
            group.cancelAll()
        }
        return await status()
    }

    private func untilSettled() async {
        guard let statuses = engineStatuses() else { return }
        for await status in statuses {
            switch status.state {
            case .stopped, .offline, .paused, .signedOut: return
            case .syncing, .waiting: continue
            case .idle: if status.isRead, await !hasEntriesToSend(besides: status.pausedTables) { return }
            }
        }
    }

    /// Whether an entry goes its way without the app. What was written since the last status will change it.
    private func hasEntriesToSend(besides paused: [TablePause]) async -> Bool {
        // A store that can't be read isn't settled.
        (try? await open.read { try $0.hasEntriesToSend(besides: paused) }) ?? true
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
