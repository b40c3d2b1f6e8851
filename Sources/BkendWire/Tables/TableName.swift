/// The rules for names of tables and fields (rest-api.md §2, §6).
package enum TableName {
    /// Names that are routes of their own.
    static let reserved: Set<String> = ["data", "auth", "users", "files", "accounts", "sessions"]

    /// What is wrong with a table's name, or nil when it is sound: a letter, then letters, digits, `_` and `-`, at most
    /// 64 characters, case-sensitive. A leading `_` marks a system table.
    package static func flaw(in name: String) -> String? {
        if name.isEmpty { return "a table name can't be empty" }
        if name.utf8.count > 64 { return "a table name has at most 64 characters" }
        if reserved.contains(name) { return "\(name) is a reserved name" }
        let body = isSystem(name) ? name.utf8.dropFirst() : name.utf8[...]
        guard let first = body.first, isLetter(first),
            body.allSatisfy({ isLetter($0) || isDigit($0) || $0 == 0x5F || $0 == 0x2D })
        else { return "a table name is a letter, then letters, digits, _ and -" }
        return nil
    }

    /// Whether the name is a system table's.
    package static func isSystem(_ name: String) -> Bool { name.utf8.first == 0x5F }

    /// Whether the name may stand in a schema: a letter, then letters, digits and `_`.
    package static func isFieldName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
