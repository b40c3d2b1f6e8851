public import BkendWire
public import Foundation

/// What has changed on the server in the records of a query; see ``RemoteQueryable/changes(since:polling:options:)``.
///
/// Apply all of it, and keep ``cursor`` with it, so that the app continues after it.
public struct ChangedRecords<Model: RecordModel>: Sendable {
    /// Records that are part of the result now: they were created or changed, or match since a change. Each is there once,
    /// as it is now.
    public var records: [Record<Model>]
    /// Records that were part of the result and aren't any more.
    public var removed: [RemovedRecord]
    /// Changed records that don't fit the model. The others are still in ``records``.
    public var undecodable: [UndecodableRecord]
    /// Where to continue.
    public var cursor: ChangeCursor

    /// Whether it brings nothing but a cursor.
    public var isEmpty: Bool { records.isEmpty && removed.isEmpty && undecodable.isEmpty }
}

/// A record that is no longer part of a query's result: it was deleted, doesn't match any more, or may no longer be seen.
/// The server doesn't tell which.
public struct RemovedRecord: Sendable {
    /// The record's id.
    public var id: String
    /// The `updatedAt` of the change that removed it. A record with a later one is back.
    public var at: Date
}

extension RemovedRecord: Hashable, ComparedExactly {
    package var exact: [AnyHashable] { [ExactString(id), at] }
}

/// Where an app is in the changes of a query. Store it with what you have, and continue there after a restart.
///
/// A cursor holds for its query and its user, as long as the server keeps the changes after it, usually for a week.
public struct ChangeCursor: RawRepresentable, Hashable, Codable, Sendable {
    /// The cursor as the server gave it.
    public var rawValue: String

    /// A cursor that was stored.
    public init(rawValue: String) { self.rawValue = rawValue }
}
