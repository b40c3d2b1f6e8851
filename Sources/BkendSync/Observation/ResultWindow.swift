import BkendDocuments
import BkendWire

/// What decides, without a look into the database, whether a change touches a result: the records in it, the query
/// compiled, and the last place where the result is cut by a limit.
struct ResultWindow: Sendable {
    /// The table.
    var table: String
    /// The records in the result, those that are skipped too.
    var ids: Set<ExactString>
    /// The place of the last record when the limit is reached; nil while another one fits in.
    var last: QueryProbe.Place?
    /// Whether no record can enter: the limit is zero.
    var isShut = false
    /// The local ids, and all other texts, that the query names: the rename of one makes it another query.
    var named: Set<ExactString>
    /// The query, compiled.
    var probe: QueryProbe

    /// Whether the result may be another one after a change.
    ///
    /// - Parameter kept: the result's rows where changes are put into them; they know better than `ids` and `last`.
    /// - Throws: what the filter throws on the new document.
    func isTouched(by observed: ObservedChange, keeping kept: KeptRows? = nil) throws -> Bool {
        let change = observed.change
        if let formerly = change.formerly.map(ExactString.init), named.contains(formerly) { return true }
        guard change.table.hasSameBytes(as: table) else { return false }
        func holds(_ id: String) -> Bool { kept?.contains(id) ?? ids.contains(ExactString(id)) }
        if holds(change.record) { return true }
        if let formerly = change.formerly, holds(formerly) { return true }
        guard change.kind == .document, !isShut, let document = observed.document,
            try probe.matches(document)
        else { return false }
        guard let last = try kept.map({ try $0.lastPlace() }) ?? last else { return true }
        return try probe.place(of: document, id: change.record) < last
    }
}

extension Query {
    /// Every text in the filter's operands, object keys and steps of paths: what may be a local id.
    var namedTexts: Set<ExactString> {
        var texts: Set<ExactString> = []
        func add(path: String) {
            guard path.utf8.contains(0x2E) else { return }
            for step in path.split(separator: ".") { texts.insert(ExactString(String(step))) }
        }
        func add(_ filter: Filter) {
            switch filter {
            case .condition(let condition):
                add(path: condition.field)
                for test in condition.operators { test.operand.visitStrings { texts.insert(ExactString($0)) } }
            case .allOf(let filters), .anyOf(let filters): filters.forEach(add)
            case .not(let filter): add(filter)
            }
        }
        add(filter)
        for field in sort { add(path: field.field) }
        for field in select ?? [] { add(path: field) }
        return texts
    }
}
