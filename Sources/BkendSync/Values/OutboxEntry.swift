public import BkendWire
public import Foundation

/// A local write that the server hasn't confirmed yet (sync.md, "States of an entry").
public struct OutboxEntry: Hashable, Sendable {
    /// What a write does.
    public enum Kind: String, Hashable, Sendable {
        /// Creates the record.
        case create
        /// Sets top-level fields.
        case update
        /// Deletes the record.
        case delete
    }

    /// The state of a write.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Waits for its turn.
        case queued
        /// Its request may be in flight.
        case inFlight
        /// Its request was sent, but no proper response arrived.
        case ambiguous
        // Derived when an entry is shown; no entry is stored so.
        /// Waits for an entry that failed or is unresolved.
        case blocked
        /// Rejected: a dead letter. The app edits, retries or discards it.
        case failed
        /// A create for which it is unknown whether the server has the record. The app decides.
        case unresolved
    }

    /// The entry's number. Later writes have greater numbers.
    package var sequence: Int64
    /// The id of the user who made the write, "" for a guest. It is only sent as that user.
    package var user: String
    /// The table.
    public var table: String
    /// The record's current id.
    public var record: String
    /// What the write does.
    public var kind: Kind
    /// The fields that the write sets: every field of a create, the changed fields of an update, none for a delete.
    public var fields: JSONObject
    /// The values of those fields before the write, without fields that didn't exist. For a delete, the whole record.
    /// For a create that was edited after it was sent, the sent values of the edited fields.
    public var before: JSONObject
    /// The entry's state.
    public var state: State
    /// The leader's epoch in which it was last sent, 0 if never.
    package var epoch: Int64
    /// The exact request body, once sent.
    package var body: [UInt8]?
    /// How many times it was sent.
    public var attempts: Int
    /// Why it failed, or the last error of an entry that is retried.
    public var failure: EntryFailure?
    /// When the write was made, by this device's clock.
    package var madeTimestamp: Timestamp
    /// When a later write was merged into the entry, by this device's clock. For display only.
    package var changedAt: Timestamp
    /// The key that a create sends as the field `clientKey`; nil if it has none.
    package var clientKey: String?
    /// Fields of a failed update that later writes have set again.
    package var overwritten: [String] { overwrites.keys }
    /// By which entries, gone ones among them: numbers by field. Only one that is discarded counts no longer.
    package var overwrites: JSONObject

    /// Whether nothing of it has left this device and a further write may be folded in.
    package var isUnsent: Bool { body == nil && (state == .queued || state == .blocked) }

    /// Whether the record shows it: everything but a rejected update or delete.
    package var isLive: Bool { state != .failed || kind == .create }
}

extension OutboxEntry: Identifiable {
    /// The entry's number. Later writes have greater numbers.
    public var id: Int64 { sequence }

    /// When the write was made, by this device's clock. For display only.
    public var madeAt: Date { madeTimestamp.date }
}

extension OutboxEntry {
    /// The fields with the client key, as a create sends them.
    package var sentFields: JSONObject {
        guard kind == .create, let clientKey else { return fields }
        var all = fields
        all[Self.clientKeyField] = .string(clientKey)
        return all
    }

    /// The field that carries a create's key.
    package static let clientKeyField = FieldName.clientKey
}
