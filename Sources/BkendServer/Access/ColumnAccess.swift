import BkendAccounts
import BkendWire

/// The fields that a caller may not read or write (rest-api.md §7, `columnPermissions`).
struct ColumnAccess: Sendable {
    /// Fields hidden in every record.
    private(set) var hidden: [String] = []
    /// Fields readable only in the caller's own records.
    private(set) var readableInOwn: [String] = []
    private var unwritable: [String] = []
    private var writableInOwn: [String] = []

    init(_ definition: TableDefinition, caller: Caller) {
        if caller.isAdmin || definition.columnPermissions.isEmpty { return }
        for (name, rule) in definition.columnPermissions {
            switch rule.read?.access(of: caller) {
            case .denied: hidden.append(name.name)
            case .own: readableInOwn.append(name.name)
            case .allowed, nil: break
            }
            switch rule.write?.access(of: caller) {
            case .denied: unwritable.append(name.name)
            case .own: writableInOwn.append(name.name)
            case .allowed, nil: break
            }
        }
    }

    /// Whether every field of every record may be read.
    var readsAll: Bool { hidden.isEmpty && readableInOwn.isEmpty }

    /// The fields that some record hides from the caller.
    var restricted: [String] { hidden + readableInOwn }

    /// A record without the fields that the caller may not read in it.
    func visible(_ record: JSONObject, caller: Caller) -> JSONObject {
        if readsAll { return record }
        let isOwn = Access.own.covers(createdBy: record["createdBy"]?.stringValue ?? "", caller: caller)
        let left = isOwn ? hidden : restricted
        return JSONObject(
            record.filter { member in !left.contains { $0.hasSameBytes(as: member.key) } }.map { ($0, $1) })
    }

    /// Whether the caller may not read a field of a record.
    func hides(_ field: String, isOwn: Bool) -> Bool {
        (isOwn ? hidden : restricted).contains { $0.hasSameBytes(as: field) }
    }

    /// Whether an error may not name a field: the caller neither wrote it nor may read it.
    func conceals(_ field: String, in written: JSONObject, isOwn: Bool) -> Bool {
        hides(field, isOwn: isOwn) && written[field] == nil
    }

    /// Refuses a write of fields that the caller may not write.
    ///
    /// - Throws: `ErrorBody` with a 403 that names the fields.
    func checkWrite(_ fields: [String], isOwn: Bool) throws(ErrorBody) {
        let refused = fields.filter { field in
            unwritable.contains { $0.hasSameBytes(as: field) }
                || (!isOwn && writableInOwn.contains { $0.hasSameBytes(as: field) })
        }
        if refused.isEmpty { return }
        let details = refused.map {
            ErrorBody.Detail(field: $0, rule: "permission", message: "no permission to write \($0)")
        }
        throw ErrorBody(.permissionDenied, details.map(\.message).joined(separator: "; "), details: details)
    }
}
