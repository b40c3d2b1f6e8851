import BkendWire

extension AnswerPage {
    /// Reads a list answer, bare or wrapped (rest-api.md §2, §4). Nil unless it is strict JSON, every item a record with
    /// an id and `total` a count: half a page would look like a page of deletions.
    package init?(parsing body: [UInt8]) {
        let page: AnswerPage?? = try? body.withUnsafeBufferPointer { buffer in
            try JSON.check(buffer)
            var reader = RowReader(buffer)
            return try reader.page()
        }
        guard let page = page ?? nil else { return nil }
        self = page
    }
}

extension AnswerRow {
    /// Reads an answer that is one record, bare or wrapped; nil when it is none.
    package init?(answer body: [UInt8]) {
        let row: AnswerRow?? = try? body.withUnsafeBufferPointer { buffer in
            try JSON.check(buffer)
            var reader = RowReader(buffer)
            return try reader.record()
        }
        guard let row = row ?? nil else { return nil }
        self = row
    }
}

extension AnswerRow {
    /// Reads a record's own text.
    ///
    /// - Throws: `StoreError.Reason.malformedRow`.
    init(_ text: [UInt8], table: String) throws(StoreError) {
        let row: AnswerRow?
        do throws(JSONError) {
            row = try text.withUnsafeBufferPointer { buffer throws(JSONError) in
                try JSON.check(buffer)
                var reader = RowReader(buffer)
                return try reader.row()
            }
        } catch {
            throw StoreError(.malformedRow(error.description), table: table)
        }
        guard let row else { throw StoreError(.malformedRow("it isn't an object with an id"), table: table) }
        self = row
    }
}

/// Finds the records in a checked text without building values.
private struct RowReader {
    /// The names that are looked for in each record.
    private enum Name {
        static let id = Array(SystemField.id.rawValue.utf8)
        static let updatedAt = Array(SystemField.updatedAt.rawValue.utf8)
        static let createdBy = Array(SystemField.createdBy.rawValue.utf8)
        static let clientKey = Array(OutboxEntry.clientKeyField.utf8)
    }

    private var lexer: JSONLexer

    init(_ bytes: UnsafeBufferPointer<UInt8>) { lexer = JSONLexer(bytes) }

    mutating func page() throws(JSONError) -> AnswerPage? {
        guard let place = try payload(marker: "items") else { return nil }
        lexer.offset = place
        guard try lexer.peek() == 0x7B else { return nil }
        var rows: [AnswerRow]?
        var pagination: JSON?
        var more = try lexer.open(closing: 0x7D, depth: 0, limit: 1)
        while more {
            let (raw, _) = try lexer.key()
            switch lexer.text(of: raw) {
            case "items": rows = try items()
            case "pagination": pagination = try value()
            default: try skip()
            }
            more = try lexer.next(closing: 0x7D)
        }
        guard let rows, let pagination = Pagination(pagination) else { return nil }
        return AnswerPage(rows: rows, total: pagination.total, hasNext: pagination.hasNext)
    }

    mutating func record() throws(JSONError) -> AnswerRow? {
        guard let place = try payload(marker: "id") else { return nil }
        lexer.offset = place
        return try row()
    }

    /// Where the payload begins: here, or inside `{"success":true,"data":…}`. A bare payload has the marker.
    private mutating func payload(marker: String) throws(JSONError) -> Int? {
        let start = lexer.offset
        guard try lexer.peek() == 0x7B else { return nil }
        var isWrapper = false
        var data: Int?
        var more = try lexer.open(closing: 0x7D, depth: 0, limit: 1)
        while more {
            let (raw, _) = try lexer.key()
            switch lexer.text(of: raw) {
            case marker: return start
            case "success":
                isWrapper = try lexer.peek() == 0x74
                try skip()
            case "data":
                _ = try lexer.peek()
                data = lexer.offset
                try skip()
            default: try skip()
            }
            more = try lexer.next(closing: 0x7D)
        }
        return isWrapper ? data : nil
    }

    private mutating func items() throws(JSONError) -> [AnswerRow]? {
        guard try lexer.peek() == 0x5B else { return nil }
        var rows: [AnswerRow] = []
        var more = try lexer.open(closing: 0x5D, depth: 0, limit: 1)
        while more {
            guard let row = try row() else { return nil }
            rows.append(row)
            more = try lexer.next(closing: 0x5D)
        }
        return rows
    }

    mutating func row() throws(JSONError) -> AnswerRow? {
        guard try lexer.peek() == 0x7B else { return nil }
        let start = lexer.offset
        var id: String?
        var updatedAt: String?
        var createdBy: String?
        var clientKey: String?
        var more = try lexer.open(closing: 0x7D, depth: 0, limit: 1)
        while more {
            let (raw, _) = try lexer.key()
            if lexer.text(of: raw, is: Name.id) {
                id = try text()
            } else if lexer.text(of: raw, is: Name.updatedAt) {
                updatedAt = try text()
            } else if lexer.text(of: raw, is: Name.createdBy) {
                createdBy = try text()
            } else if lexer.text(of: raw, is: Name.clientKey) {
                clientKey = try text()
            } else {
                try skip()
            }
            more = try lexer.next(closing: 0x7D)
        }
        guard let id, !id.isEmpty else { return nil }
        return AnswerRow(
            id: id, updatedAt: updatedAt, createdBy: createdBy ?? "", clientKey: clientKey,
            text: Array(lexer.bytes[start..<lexer.offset]))
    }

    /// A string's text; nil, and passed over, when the value is of another type.
    private mutating func text() throws(JSONError) -> String? {
        guard try lexer.peek() == 0x22 else {
            try skip()
            return nil
        }
        return lexer.text(of: try lexer.string())
    }

    private mutating func value() throws(JSONError) -> JSON {
        _ = try lexer.peek()
        let start = lexer.offset
        try skip()
        return try JSON(parsing: lexer.bytes[start..<lexer.offset])
    }

    /// Passes over one value of a text that was checked already.
    private mutating func skip() throws(JSONError) {
        var depth = 0
        repeat {
            switch try lexer.peek() {
            case 0x22: _ = try lexer.string()
            case 0x7B, 0x5B:
                depth += 1
                lexer.offset += 1
            case 0x7D, 0x5D:
                depth -= 1
                lexer.offset += 1
            case 0x2C, 0x3A: lexer.offset += 1
            case 0x74, 0x6E: lexer.offset += 4
            case 0x66: lexer.offset += 5
            default: _ = try lexer.number()
            }
        } while depth > 0
    }
}
