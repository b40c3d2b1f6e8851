/// What `updateAll` or `deleteAll` has done, and what it hasn't.
///
/// ```swift
/// let result = try await posts.where { $0.isPublished == false }.deleteAll(limit: 500)
/// if !result.isComplete { hint("\(result.done.count) were deleted, \(result.failed.count) could not be") }
/// ```
public struct BatchResult<Failure: Error>: Sendable {
    /// The ids of the records that are as asked now, in the order in which they were handled. An update that would change
    /// nothing counts.
    public internal(set) var done: [String] = []
    /// The ids of the other records, each with the reason. They stayed as they were, unless `mayHaveBeenApplied` of a
    /// `BkendError` says otherwise.
    public internal(set) var failed: [(id: String, error: Failure)] = []
    /// Why it ended before the last record, for example without a network. The record that the error names may have been
    /// changed (`BkendError.mayHaveBeenApplied`).
    public internal(set) var error: Failure?
    /// Whether more records match than the limit allowed.
    public internal(set) var hasMore = false

    /// Whether all matching records are as asked.
    public var isComplete: Bool { failed.isEmpty && error == nil && !hasMore }
}
