import BkendWire

/// A local write that waits for the server's word (sync.md, "States of an entry").
public struct OutboxEntry: Hashable, Sendable {
    /// What a write does.
    public enum Kind: String, Hashable, Sendable {
        /// Makes the record.
        case create
        /// Sets top-level fields.
        case update
        /// Deletes the record.
        case delete
    }

    /// How far a write has come.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// Waits for its turn.
        case queued
        /// Its request may be on the way.
        case inFlight
        /// Its request was sent and no proper answer came.
        case ambiguous
        /// Waits for an entry that failed or is unresolved.
        case blocked
        /// Rejected: a dead letter. The app edits, retries or discards it.
        case failed
        /// A create of which nobody can say whether the server has it. The app decides.
        case unresolved
    }

    /// The entry's number; later writes have greater ones.
    public var sequence: Int64
    /// The id of the user who made the write, "" for a guest. It is sent as no one else.
    public var user: String
    /// The table.
    public var table: String
    /// The id that the record has now.
    public var record: String
    /// What the write does.
    public var kind: Kind
    /// What it sets: every field of a create, the changed ones of an update, nothing for a delete.
    public var fields: JSONObject
    /// What those fields were before; a field that wasn't there is not in it. For a delete the whole record; for a create
    /// that was sent and edited since, what was sent of the fields that were edited.
    public var before: JSONObject
    /// How far it has come.
    public var state: State
    /// The leader's epoch in which it was last sent, 0 when never.
    public var epoch: Int64
    /// The exact body, once sent.
    public var body: [UInt8]?
    /// How often it was sent.
    public var attempts: Int
    /// Why it failed, or the last error of one that is tried again.
    public var failure: EntryFailure?
    /// When the write was made, by this device's clock; for people only.
    public var madeAt: Timestamp
    /// When a further write was folded in, by this device's clock; for people only.
    public var changedAt: Timestamp
    /// The key that a create carries as the field `clientKey`, nil without one.
    public var clientKey: String?
    /// Fields of a failed update that later writes have set again.
    public var overwritten: [String] { overwrites.keys }
    /// By which entries, gone ones among them: numbers by field. Only one that is discarded counts no longer.
    package var overwrites: JSONObject

    /// Whether nothing of it has left this device and a further write may be folded in.
    package var isUnsent: Bool { body == nil && (state == .queued || state == .blocked) }

    /// Whether the record shows it: everything but a rejected update or delete.
    package var isLive: Bool { state != .failed || kind == .create }

    /// Whether entries behind it, and those that name the record it makes, must wait for the app.
    var isStuck: Bool { state == .blocked || state == .unresolved || state == .failed && kind == .create }
}

extension OutboxEntry: Identifiable {
    /// The entry's number.
    public var id: Int64 { sequence }
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
