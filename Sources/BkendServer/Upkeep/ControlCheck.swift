import BkendAccounts
import BkendWire
import Foundation
import GRDB

/// The control database's own promises: names that can be paths, keys that are what they say.
struct ControlCheck {
    let file: String
    let report: FolderCheck.Report

    func run(_ db: Database) throws {
        do { _ = try ControlStore.format.version(of: db, path: file) } catch let error as OperatorError {
            return try report(FolderFinding(.file, file, error.description))
        }
        for row in try Row.fetchAll(
            db, sql: "SELECT p.name, e.name FROM environments e JOIN projects p ON p.id = e.project")
        {
            do { _ = try EnvironmentName(project: row[0], environment: row[1]) } catch {
                try report(FolderFinding(.definition, file, error.description))
            }
        }
        for row in try Row.fetchAll(db, sql: "SELECT * FROM keys ORDER BY id") {
            if let flaw = flaw(ofKey: row) {
                try report(FolderFinding(.key, file, "the key \(row["id"] as Int64) \(flaw)"))
            }
        }
    }

    private func flaw(ofKey row: Row) -> String? {
        guard let digest = KeyDigest(row["digest"] as Data) else { return "has a digest of the wrong length" }
        if let text: String = row["readable"] {
            guard let key = APIKey(text), key.kind == .publishable else {
                return "has a text that is no publishable key"
            }
            if key.digest != digest { return "has a text and a digest that don't belong together" }
        }
        if let text: String = row["scopes"] {
            guard let scopes = (try? JSON(parsing: text))?.arrayValue,
                scopes.allSatisfy({ $0.stringValue.flatMap(KeyScope.init) != nil })
            else { return "has scopes that can't be read" }
        }
        for column in ["createdAt", "expiresAt", "revokedAt"] {
            if let date: String = row[column], Timestamp(date) == nil { return "has a \(column) that is no date" }
        }
        return nil
    }
}
