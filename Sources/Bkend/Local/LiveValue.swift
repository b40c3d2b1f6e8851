public import Observation

/// The latest value of a live query, for views: it is observable, and changes on the main actor.
///
/// ```swift
/// @MainActor final class Screen {
///     let notes: LiveValue<Snapshot<Note>>
///     let open: LiveValue<Int>
///
///     init(_ store: LocalStore) {
///         let table = store.table(Note.self)
///         notes = LiveValue(table.order(by: \.createdAt).live())
///         open = LiveValue(table.where { $0.isDone == false }.liveCount())
///     }
///
///     var title: String { "\(open.value ?? 0) to do" }
/// }
/// ```
///
/// It takes any ``ResultSequence``: `live()`, `liveFirst()`, `liveCount()`, `live(_:)` of a record, `outbox.changes`. The
/// query runs, and records are decoded, off the main actor. A view that is slower than the store gets the newest value.
/// The query ends when the last reference to the value is gone, and when the store is closed.
@MainActor
@Observable
public final class LiveValue<Value: Sendable> {
    /// The latest value; nil until there is one.
    public private(set) var value: Value?
    /// Why there is no newer value; nil as long as there is no error. The next value clears it.
    public private(set) var error: (any Error)?
    @ObservationIgnored private var following: Task<Void, Never>?

    /// Follows a sequence from now on.
    public init<Failure>(_ values: ResultSequence<Value, Failure>) {
        following = Task.detached { [weak self] in
            var iterator = values.makeAsyncIterator()
            while true {
                do {
                    guard let value = try await iterator.next() else { return }
                    await self?.show(value)
                } catch {
                    await self?.fail(error)
                }
            }
        }
    }

    deinit { following?.cancel() }

    private func show(_ value: Value) {
        self.value = value
        if error != nil { error = nil }
    }

    private func fail(_ error: any Error) { self.error = error }
}
