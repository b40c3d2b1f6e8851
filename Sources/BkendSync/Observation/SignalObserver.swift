import BkendWire
import Synchronization

/// Wakes one reader when something it waits for may have happened.
package final class SignalObserver: FeedObserver {
    /// What is waited for.
    package enum Subject: Sendable {
        /// A change in a table.
        case table(String)
        /// A change in the outbox, among the reports, or of the set of subscriptions.
        case outbox
    }

    package let documentTable: String? = nil
    package var watchesOutbox: Bool { if case .outbox = subject { true } else { false } }
    package var watchesChanges: Bool { !watchesOutbox }
    /// One value for each time that something may have happened; those not taken become one.
    package let signals = Newest<Void>()
    private let subject: Subject
    private let lastVersion = Mutex<Int64?>(nil)

    init(_ subject: Subject) { self.subject = subject }

    package func receive(_ batch: FeedBatch) { if concerns(batch) { signals.put(()) } }

    package func finish() { signals.finish() }

    private func concerns(_ batch: FeedBatch) -> Bool {
        switch subject {
        case .outbox:
            guard let version = batch.outboxVersion else { return true }
            return lastVersion.withLock { last in
                defer { last = version }
                return last != version
            }
        case .table(let name):
            return batch.changes?.contains { $0.change.table.hasSameBytes(as: name) } ?? true
        }
    }
}
