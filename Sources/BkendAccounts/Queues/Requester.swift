/// Who asks, for the queues that a request comes through on its way: known to the task, since what lies between knows
/// nothing of clients.
package struct Requester: Sendable {
    /// Whose share of each queue is used.
    package let share: QueueShare
    /// Finds out whether the client is still there; nil where nobody can leave.
    package let departure: @Sendable () -> Departure?

    /// A requester.
    package init(share: QueueShare, departure: @escaping @Sendable () -> Departure? = { nil }) {
        self.share = share
        self.departure = departure
    }

    /// Who asks in this task.
    @TaskLocal package static var current = Requester(share: .own)
}
