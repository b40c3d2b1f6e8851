#if Macros
/// The rules for names (rest-api.md §2, §3, §6), checked where the name is written. The server has the same rules in
/// `TableName`; a test compares both.
package enum NameRule {
    /// The fields that the server alone sets.
    package static let systemFields: Set<String> = ["id", "createdBy", "createdAt", "updatedAt"]

    /// The routes beside the tables.
    private static let reserved: Set<String> = ["data", "auth", "users", "files", "accounts", "sessions"]

    /// What is wrong with a table's name, nil when it is sound.
    package static func flaw(inTable name: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.utf8.count > 64 { return "it has more than 64 characters" }
        if reserved.contains(name) { return "it is reserved" }
        let body = name.hasPrefix("_") ? name.utf8.dropFirst() : name.utf8[...]
        guard let first = body.first, isLetter(first),
            body.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D })
        else { return "it must be a letter, then letters, digits, _ and -" }
        return nil
    }

    /// What is wrong with a field's name, nil when it is sound.
    package static func flaw(inField name: String) -> String? {
        if name.isEmpty { return "it is empty" }
        if name.hasPrefix("$") { return "it begins with $" }
        if name.utf8.contains(0x2E) { return "it has a dot, which leads into a nested object" }
        if name.utf8.contains(0) { return "it has a U+0000" }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
#endif
