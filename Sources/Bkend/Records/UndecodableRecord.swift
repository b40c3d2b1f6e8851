import BkendSync
public import BkendWire

/// A record that doesn't fit the model, because another version of the app wrote it or the table has changed. Other
/// records are still returned.
public struct UndecodableRecord: Hashable, Sendable, CustomStringConvertible {
    /// The record's id.
    public var id: String
    /// The path of the value that doesn't fit, and the reason.
    public var error: JSONCodingError

    init(_ error: StoreError, id: String?) {
        self.id = id ?? ""
        if case .notDecodable(let reason) = error.reason {
            self.error = reason
        } else {
            self.error = JSONCodingError(path: "", message: error.description)
        }
    }

    init(_ error: JSONCodingError, id: String) {
        self.id = id
        self.error = error
    }

    /// `677e…: author.age: expected a whole number, found 1.5`
    public var description: String { "\(id): \(error)" }
}

extension StoreError {
    /// The error where the record is all that was asked for.
    init(_ record: UndecodableRecord, table: String) {
        self.init(.notDecodable(record.error), table: table, record: record.id, field: record.error.path)
    }
}

extension UndecodableRecord: ComparedExactly {
    package var exact: [AnyHashable] { [ExactString(id), error] }
}
