public import BkendSync
public import BkendWire
public import Foundation

/// One record of a table: the system fields, and direct access to the model's fields.
///
/// ```swift
/// let article = try await articles.get(id)
/// print(article.title, article.createdAt)
/// ```
@dynamicMemberLookup
public struct Record<Model: RecordModel>: Identifiable, Sendable {
    /// The record's id: 24 hex digits chosen by the server. In a local store, a record that isn't on the server yet has
    /// a local id, which stays valid afterwards.
    public var id: String { contents.id }
    /// The first id that the record had on this device, for lists on a screen. A record that was created here keeps its
    /// `localID` when the server gives it another `id`, so that `List(notes, id: \.localID)` keeps its row. For a
    /// record from the server it equals `id`. Every call accepts it as an id.
    public var localID: String { contents.localID }
    /// The id of the user who created the record, `""` for a guest.
    public var createdBy: String { contents.createdBy }
    /// When the record was created, to the millisecond.
    public var createdAt: Date { contents.createdAt }
    /// When the record last changed, to the millisecond. Many records may share one moment.
    public var updatedAt: Date { contents.updatedAt }
    /// The record's own fields.
    public var model: Model { contents.model }
    /// The record as the server returned it, including fields that the model doesn't know.
    public var json: JSONObject { contents.json }
    /// Whether the server has all writes of the record; always `synced` for a record that the server returned.
    public var syncState: SyncState { contents.syncState }
    /// The local store that it was read from, nil for the server.
    var origin: (any RecordOrigin)? { contents.origin }

    private let contents: Contents

    /// What a record holds, behind one reference: each snapshot of a live query is a new array of its records.
    private final class Contents: Sendable {
        let id: String
        let localID: String
        let createdBy: String
        let createdAt: Date
        let updatedAt: Date
        let model: Model
        let json: JSONObject
        let syncState: SyncState
        let origin: (any RecordOrigin)?

        init(
            _ json: JSONObject, _ syncState: SyncState, localID: String?, origin: (any RecordOrigin)?
        ) throws(JSONCodingError) {
            let id = try Record.system(.id, of: json)
            let createdBy = json["createdBy"]?.isNull ?? true ? "" : try Record.system(.createdBy, of: json)
            let createdAt = try Record.date(.createdAt, of: json)
            let updatedAt = try Record.date(.updatedAt, of: json)
            let model = try JSON.object(json).decode(Model.self)
            self.id = id
            self.localID = localID ?? id
            self.createdBy = createdBy
            self.createdAt = createdAt
            self.updatedAt = updatedAt
            self.model = model
            self.json = json
            self.syncState = syncState
            self.origin = origin
        }
    }

    /// Reads a record that was kept as JSON, for example in a widget or a preview (``json``).
    ///
    /// - Throws: `JSONCodingError` with the path of the field that is missing or of another type.
    public init(json: JSONObject) throws(JSONCodingError) {
        try self.init(json: json, syncState: .synced, localID: nil, origin: nil)
    }

    init(
        json: JSONObject, syncState: SyncState, localID: String?, origin: (any RecordOrigin)?
    ) throws(JSONCodingError) {
        contents = try Contents(json, syncState, localID: localID, origin: origin)
    }

    /// A field of the model.
    public subscript<Value>(dynamicMember field: KeyPath<Model, Value>) -> Value { model[keyPath: field] }

    private static func system(_ field: SystemField, of json: JSONObject) throws(JSONCodingError) -> String {
        guard let value = json[field.rawValue] else {
            throw JSONCodingError(path: field.rawValue, message: "the field is missing")
        }
        guard let text = value.stringValue, field != .id || !text.isEmpty else {
            throw JSONCodingError(path: field.rawValue, message: "expected a string, found \(value)")
        }
        return text
    }

    private static func date(_ field: SystemField, of json: JSONObject) throws(JSONCodingError) -> Date {
        let text = try system(field, of: json)
        guard let timestamp = Timestamp(text) else {
            throw JSONCodingError(
                path: field.rawValue, message: "expected a date in ISO 8601, found \(JSON.string(text))")
        }
        return timestamp.date
    }
}

extension Record where Model == JSONObject {
    /// The value of a field, or nil if the record has no such field.
    public subscript(field: String) -> JSON? { json[field] }
}

extension Record: Equatable where Model: Equatable {
    /// Whether both are the same record in the same state, as the model sees it.
    public static func == (a: Record, b: Record) -> Bool {
        a.id.hasSameBytes(as: b.id) && a.createdBy.hasSameBytes(as: b.createdBy) && a.createdAt == b.createdAt
            && a.updatedAt == b.updatedAt && a.syncState == b.syncState && a.model == b.model
    }
}

extension Record: Hashable where Model: Hashable {
    /// Hashes id, moment of change and model.
    public func hash(into hasher: inout Hasher) {
        id.hashBytes(into: &hasher)
        hasher.combine(updatedAt)
        hasher.combine(model)
    }
}

/// Where a record that wasn't read from the server came from. A record keeps it, and with it the store that syncs its writes.
protocol RecordOrigin: Sendable {}
