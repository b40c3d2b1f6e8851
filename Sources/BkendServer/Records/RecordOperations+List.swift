#if Server
import BkendDocuments
import BkendWire
import GRDB
import NIOCore

extension RecordOperations {
    /// A list answer: the stored texts side by side, and where they lie in the whole result.
    func list(_ items: [QueryItem], in db: Database) throws -> ByteBuffer {
        let access = try access.access(to: .list)
        let typing = table.typing
        var query = try Query(queryItems: items) { field, text in typing.value(of: text, for: field) }
        query.filter = typing.normalised(query.filter)
        let rows = try RowAccess.filter(table.definition, caller: caller, access: access).map(typing.normalised)
        if let rows, rows.mentions(columns.restricted) {
            return try list(query, withinHidden: rows, in: db)
        }
        if let rows { query.filter = .allOf([query.filter, rows]) }
        return try answer(query, hiding: visibility, in: db)
    }

    /// The restricted fields as the collection takes them: they count as missing in filter, sort, search and result,
    /// in all records or in those of others.
    private var visibility: FieldVisibility {
        if columns.readsAll { return .all }
        let own = Filter.condition(Condition("createdBy", .equals(.string(caller.createdBy))))
        return FieldVisibility(
            hidden: columns.hidden, conditional: columns.readableInOwn.map { .init($0, shownWhere: own) })
    }

    /// A list narrowed by rules over fields that the caller may not read: the rules must see those fields, and what
    /// the caller asks must not. So the caller's part is rewritten, as if the fields were missing from every record.
    private func list(_ query: Query, withinHidden rows: Filter, in db: Database) throws -> ByteBuffer {
        let restricted = columns.restricted
        var query = query
        if let search = query.search {
            guard let field = search.field else {
                let message = "search needs searchType in \(table.name): some of its fields are not open to this caller"
                throw QueryError(parameter: "search", message: message)
            }
            if field.isInside(restricted) { query.filter = .anyOf([]) }
        }
        query.filter = .allOf([query.filter.hiding(restricted), rows])
        query.sort = query.sort.map { $0.field.isInside(restricted) ? Query.Sort("id", $0.direction) : $0 }
        query.select = query.select.map { fields in fields.filter { !$0.isInside(restricted) } }
        let texts = try table.collection.find(query, including: Self.systemFields, in: db)
        let visible = try texts.map { columns.visible(try $0.json, caller: caller).serialized() }
        return Self.answer(visible, try pagination(query, found: texts.count, hiding: .all, in: db))
    }

    private func answer(_ query: Query, hiding visibility: FieldVisibility, in db: Database) throws -> ByteBuffer {
        let texts = try table.collection.find(query, hiding: visibility, including: Self.systemFields, in: db)
        return Self.answer(
            texts.map(\.bytes), try pagination(query, found: texts.count, hiding: visibility, in: db))
    }

    /// Where the page lies. The result is counted only when the page doesn't show its end.
    private func pagination(_ query: Query, found: Int, hiding: FieldVisibility, in db: Database) throws -> Pagination {
        let skipped = query.page.skipped
        if found < query.page.limit, found > 0 || skipped == 0 {
            return Pagination(total: skipped + found, page: query.page)
        }
        let total = try table.collection.count(query.filter, search: query.search, hiding: hiding, in: db)
        return Pagination(total: total, page: query.page)
    }

    private static let systemFields = SystemField.allCases.map(\.rawValue)

    private static func answer(_ texts: [[UInt8]], _ pagination: Pagination) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(texts.reduce(160) { $0 + $1.count + 1 })
        out.writeString(#"{"items":["#)
        for (index, text) in texts.enumerated() {
            if index > 0 { out.writeString(",") }
            out.writeBytes(text)
        }
        out.writeString(#"],"pagination":"#)
        out.writeBytes(pagination.json.serialized())
        out.writeString("}")
        return out
    }
}
#endif
