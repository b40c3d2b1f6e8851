/// The fields that the server alone sets on every record (rest-api.md §3).
package enum SystemField: String, CaseIterable, Sendable {
    /// 24 hex digits in MongoDB's ObjectId layout.
    case id
    /// The id of the user who created the record, or `""` for a guest.
    case createdBy
    /// When the record was created.
    case createdAt
    /// When the record last changed.
    case updatedAt

    /// Whether that name is a system field's.
    package static func contains(_ name: String) -> Bool { allCases.contains { $0.rawValue.hasSameBytes(as: name) } }
}
