#if Server
import BkendDocuments
import BkendWire
import GRDB
import NIOCore

extension RecordOperations {
    /// A list answer: the stored texts side by side, and where they lie in the whole result.
    ///
    /// - Parameter explaining: whether to tell how the records were found as well.
    /// - Throws: `NeedsTime` when only a moment is given to a query whose steps can't be interrupted.
    func list(
        _ items: [QueryItem], pace: ReadPace = .unhurried, explaining: Bool = false, in db: Database
    ) throws -> (body: ByteBuffer, plan: QueryPlan?) {
        let access = try access.access(to: .list)
        let typing = table.typing
        var query = try Query(queryItems: items) { field, text in typing.value(of: text, for: field) }
        query.filter = typing.normalised(query.filter)
        let rows = try RowAccess.filter(table.definition, caller: caller, access: access).map(typing.normalised)
        if pace == .moment, query.filter.hasPatterns || rows?.hasPatterns == true { throw NeedsTime() }
        if let rows, rows.mentions(columns.restricted) {
            return try list(query, withinHidden: rows, explaining: explaining, in: db)
        }
        if let rows { query.filter = .allOf([query.filter, rows]) }
        let body = try answer(query, hiding: visibility, in: db) { text, out in out.writeBytes(text) }
        return (body, explaining ? try table.collection.explain(query, hiding: visibility, in: db) : nil)
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
    private func list(
        _ query: Query, withinHidden rows: Filter, explaining: Bool, in db: Database
    ) throws -> (body: ByteBuffer, plan: QueryPlan?) {
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
        let body = try answer(query, hiding: .all, in: db) { text, out in
            let record = try JSON(parsing: Array(text)).objectValue ?? [:]
            out.writeBytes(columns.visible(record, caller: caller).serialized())
        }
        return (body, explaining ? try table.collection.explain(query, in: db) : nil)
    }

    /// The answer: each text as `write` puts it there, and where the page lies.
    private func answer(
        _ query: Query, hiding visibility: FieldVisibility, in db: Database,
        write: (UnsafeBufferPointer<UInt8>, inout ByteBuffer) throws -> Void
    ) throws -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(Self.usualAnswer)
        out.writeStaticString(#"{"items":["#)
        let start = out.writerIndex
        let total = try table.collection.page(query, hiding: visibility, including: Self.systemFields, in: db) { text in
            if out.writerIndex > start { out.writeInteger(UInt8(ascii: ",")) }
            try write(text, &out)
        }
        out.writeStaticString(#"],"pagination":"#)
        out.writeBytes(Pagination(total: total, page: query.page).json.serialized())
        out.writeInteger(UInt8(ascii: "}"))
        return out
    }

    /// What most answers fit in, in bytes: 20 records of half a kilobyte. Others grow by doubling.
    private static let usualAnswer = 12 * 1024

    private static let systemFields = SystemField.allCases.map(\.rawValue)
}
#endif
