public import BkendWire

extension StoreReport {
    /// What a report says, by its kind.
    ///
    /// ```swift
    /// switch report.content {
    /// case .conflict(let field, _, let mine, let theirs, _): ask(report.record, field, mine, theirs)
    /// case .deletedElsewhere(_, isRecreated: false): tell("\(report.record) was deleted on another device")
    /// default: log(report.kind, report.detail)
    /// }
    /// ```
    ///
    /// `detail` has everything that a report holds, for the kinds here and for later ones.
    public enum Content: Hashable, Sendable {
        /// A field was changed here and elsewhere. Values are nil for a field that wasn't there.
        case conflict(field: String, before: JSON?, mine: JSON, theirs: JSON?, kept: Kept)
        /// A record that was deleted here was changed elsewhere: the fields that were, as they are there.
        case deleteConflict(theirs: JSONObject, kept: Kept)
        /// A record that was changed here was deleted elsewhere: the fields that were changed, and whether the record was
        /// created again.
        case deletedElsewhere(mine: JSONObject, isRecreated: Bool)
        /// Somebody else wrote these fields between the engine's read and its write.
        case race(fields: [String])
        /// The server has a duplicate of a record that was created here. It stays for the given reason, or will be
        /// deleted.
        case twin(copy: String, staysBecause: String?)
        /// The duplicate was deleted.
        case twinDeleted(copy: String)
        /// There are so many duplicates at once that all of them stay.
        case twins(copies: [String])
        /// So many rows of a subscription seem to be gone, of so many. Held ones stay until `confirmMassRemoval(of:)`.
        case massRemoval(subscription: LocalSubscription.ID, rows: Int, of: Int, isHeld: Bool)
        /// So many older reports were dropped.
        case reportsDropped(count: Int)
        /// A kind that this version doesn't know, or a report without what its kind has.
        case other
    }

    /// Whose value stays in a conflict.
    public enum Kept: Hashable, Sendable {
        /// The value of this device.
        case mine
        /// The server's value.
        case theirs
        /// The value that a merging policy made of both.
        case merged(JSON)
    }

    /// What the report says, by its kind.
    public var content: Content {
        func text(_ name: String) -> String? { detail[name]?.stringValue }
        func object(_ name: String) -> JSONObject { detail[name]?.objectValue ?? [:] }
        func texts(_ name: String) -> [String] { (detail[name]?.arrayValue ?? []).compactMap(\.stringValue) }
        func number(_ name: String) -> Int? { detail[name]?.intValue.flatMap { Int(exactly: $0) } }
        switch kind {
        case "conflict":
            guard let field = text("field"), let mine = detail["mine"] else { return .other }
            return .conflict(field: field, before: detail["before"], mine: mine, theirs: detail["theirs"], kept: kept)
        case "deleteConflict": return .deleteConflict(theirs: object("theirs"), kept: kept)
        case "deletedElsewhere":
            return .deletedElsewhere(mine: object("mine"), isRecreated: text("became") == "createdAgain")
        case "race": return .race(fields: texts("fields"))
        case "twin":
            guard let copy = text("copy") else { return .other }
            return .twin(copy: copy, staysBecause: text("reason"))
        case "twinDeleted": return text("deleted").map { .twinDeleted(copy: $0) } ?? .other
        case "twins": return .twins(copies: texts("copies"))
        case "massRemoval":
            guard let subscription = detail["subscription"]?.intValue, let rows = number("rows"), let all = number("of")
            else { return .other }
            return .massRemoval(
                subscription: subscription, rows: rows, of: all, isHeld: detail["isHeld"]?.boolValue ?? false)
        case "reportsDropped": return number("count").map { .reportsDropped(count: $0) } ?? .other
        default: return .other
        }
    }

    private var kept: Kept {
        switch detail["kept"]?.stringValue {
        case "theirs": .theirs
        case "merged": detail["sent"].map(Kept.merged) ?? .mine
        default: .mine
        }
    }
}
