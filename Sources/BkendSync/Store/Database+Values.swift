import BkendDocuments
import BkendWire
import GRDB

/// A value bound to a statement of the store's own.
enum Bound {
    case int(Int64)
    case text(String)
    /// UTF-8 bytes stored as text.
    case utf8([UInt8])
    case null

    static func int(_ value: Int) -> Bound { .int(Int64(value)) }
    static func optional(_ text: String?) -> Bound { text.map { .text($0) } ?? .null }
}

extension Database {
    /// Runs a statement for its effect.
    func perform(_ sql: String, _ values: Bound...) throws {
        try run(sql) { statement in
            try statement.bind(values)
            while try statement.step() {}
        }
    }

    /// The first row of a result.
    func first<Row>(_ sql: String, _ values: Bound..., read: (RunningStatement) throws -> Row) throws -> Row? {
        try run(sql) { statement in
            try statement.bind(values)
            return try statement.step() ? try read(statement) : nil
        }
    }

    /// Every row of a result.
    func all<Row>(_ sql: String, _ values: Bound..., read: (RunningStatement) throws -> Row) throws -> [Row] {
        try run(sql) { statement in
            try statement.bind(values)
            var rows: [Row] = []
            while try statement.step() { rows.append(try read(statement)) }
            return rows
        }
    }

    /// The first row's number, 0 when there is no row.
    func number(_ sql: String, _ values: Bound...) throws -> Int64 {
        try run(sql) { statement in
            try statement.bind(values)
            return try statement.step() ? statement.int(0) : 0
        }
    }
}

extension RunningStatement {
    fileprivate mutating func bind(_ values: [Bound]) throws {
        for value in values {
            switch value {
            case .int(let number): try bind(number)
            case .text(let text): try bind(text)
            case .utf8(let bytes): try bytes.withUnsafeBufferPointer { try bind(text: $0) }
            case .null: skip(1)
            }
        }
    }

    /// A column's text, nil for NULL.
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// A column that holds a JSON object.
    func object(_ column: Int32) throws -> JSONObject {
        try DocumentReader.object(Array(bytes(column)))
    }
}
