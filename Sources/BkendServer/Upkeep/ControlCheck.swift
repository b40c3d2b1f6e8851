import BkendAccounts
import BkendStorage
import BkendWire
import Foundation

/// The control database's own promises: names that can be paths, keys that are what they say.
struct ControlCheck {
    let file: String
    let report: FolderCheck.Report

    func run(_ database: SQLiteFile) throws {
        do { _ = try database.controlFormat(path: file) } catch let error as OperatorError {
            return try report(FolderFinding(.file, file, error.description))
        }
        try database.session.read(ControlSQL.environmentNames, []) { row in
            do throws(OperatorError) {
                _ = try EnvironmentName(project: row.text(0), environment: row.text(1))
            } catch {
                try report(FolderFinding(.definition, file, error.description))
            }
            return true
        }
        try database.session.read(ControlSQL.checkedKeys, []) { row in
            if let flaw = flaw(ofKey: row) {
                try report(FolderFinding(.key, file, "the key \(row.int(0)) \(flaw)"))
            }
            return true
        }
    }

    /// What is wrong with a key in the columns of `ControlSQL.checkedKeys`.
    private func flaw(ofKey row: any SQLRow) -> String? {
        guard let digest = KeyDigest(row.blob(1)) else { return "has a digest of the wrong length" }
        if let text = row.optionalText(2) {
            guard let key = APIKey(text), key.kind == .publishable else {
                return "has a text that is no publishable key"
            }
            if key.digest != digest { return "has a text and a digest that don't belong together" }
        }
        if let text = row.optionalText(3) {
            guard let scopes = (try? JSON(parsing: text))?.arrayValue,
                scopes.allSatisfy({ $0.stringValue.flatMap(KeyScope.init) != nil })
            else { return "has scopes that can't be read" }
        }
        for (column, name) in [(4, "createdAt"), (5, "expiresAt"), (6, "revokedAt")] {
            if let date = row.optionalText(column), Timestamp(date) == nil { return "has a \(name) that is no date" }
        }
        return nil
    }
}
