import BkendDocuments
import BkendWire

/// Whether a table's client keys are kept unique: what its definition says, and what its records allow.
///
/// A device that doesn't know whether its create arrived sends it again with the same key. Only a unique index makes
/// sure that not both are stored, however late the first one comes (sync.md, promise 2).
struct ClientKeySetting {
    /// What a definition means that says nothing.
    enum Silence: Sendable {
        /// They are kept unique.
        case asks
        /// They aren't: the definition is one that was in force like that.
        case declines
    }

    /// The definition as it comes in force.
    let definition: BkendWire.TableDefinition
    /// Why it doesn't keep them unique although it should.
    let warnings: [String]

    /// Settles it for a table that is made or, with its records, altered.
    ///
    /// - Throws: `StorageFailure`.
    init(_ new: BkendWire.TableDefinition, over old: Table?, _ silence: Silence, in session: any StorageSession) throws
    {
        var definition = new
        if definition.clientKeys == nil, silence == .asks { definition.clientKeys = true }
        var warning: String?
        if definition.clientKeys == true {
            if !definition.wantsClientKeyIndex {
                definition.clientKeys = nil
            } else if let old, old.definition.clientKeyIndex == nil {
                warning = try Self.obstacle(in: old, in: session)
                if warning != nil { definition.clientKeys = nil }
            }
        }
        self.definition = definition
        warnings = warning.map { [$0] } ?? []
    }

    /// Whether records of a table keep it from having the index.
    static func hasObstacle(in table: Table, in session: any StorageSession) throws -> Bool {
        struct Found: Error {}
        do {
            try session.conflicts(with: .clientKey, in: table) { _ in throw Found() }
            return false
        } catch is Found { return true } catch is InvalidDocument { return true }
    }

    /// How many records a warning names.
    private static let mostNamed = 10
    /// How many characters of a key it shows.
    private static let longestKey = 64

    /// What keeps the records from having the index, as a sentence; nil when nothing does.
    private static func obstacle(in table: Table, in session: any StorageSession) throws -> String? {
        var named: [String] = []
        var count = 0
        do {
            try session.conflicts(with: .clientKey, in: table) { violation in
                count += 1
                guard named.count < mostNamed else { return }
                let key = violation.values.first?.description ?? ""
                let shown = key.count > longestKey ? key.prefix(longestKey) + "…" : key[...]
                named.append("\(violation.id) and \(violation.existingID) share \(shown)")
            }
        } catch let document as InvalidDocument {
            return "\(consequence): \(document)"
        }
        guard count > 0 else { return nil }
        let others = count > named.count ? "; and \(count - named.count) more" : ""
        return "\(consequence), since records share their clientKey: \(named.joined(separator: "; "))\(others). "
            + "Remove what is there twice and apply again, or say \"clientKeys\": false"
    }

    private static let consequence =
        "client keys are not kept unique, so that a create whose answer was lost may be stored twice"
}
