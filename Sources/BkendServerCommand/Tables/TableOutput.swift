import ArgumentParser
import BkendServer
import BkendWire

/// What a command did to tables.
enum ChangeOutput {
    static func show(_ changes: [TableChange], asJSON: Bool) {
        if asJSON {
            StandardOutput.json(changes.map(\.json))
        } else {
            warn(changes)
            for change in changes where !change.changes.isEmpty { StandardOutput.line(change.description) }
            if changes.allSatisfy(\.changes.isEmpty) { StandardOutput.line("no changes") }
        }
    }

    /// Says on standard error what wasn't done.
    static func warn(_ changes: [TableChange]) {
        for change in changes {
            for warning in change.warnings { StandardError.line("warning: table \(change.table): \(warning)") }
        }
    }
}

/// What `apply --check` prints: each finding as it is found, so that any number takes no memory.
enum CheckOutput {
    /// - Throws: `ExitCode` 1 when records would fail.
    static func run(on store: EnvironmentStore, _ definitions: JSON, asJSON: Bool) throws {
        var list = FindingList(name: "findings", asJSON: asJSON)
        let tables = try store.check(definitions) { finding in
            list.add(finding.json) { "table \(finding.table), record \(finding.id): \(finding.detail.message)" }
        }
        list.end(["tables": .array(tables.map { .object($0.json) })])
        if !asJSON {
            ChangeOutput.warn(tables.map(\.change))
            for table in tables {
                let failing = table.failing > 0 ? ", \(table.failing) of \(table.records) records would fail" : ""
                let what = table.change.changes.isEmpty ? "" : "would change: "
                StandardOutput.line(what + table.change.description + failing)
            }
        }
        if list.count > 0 { throw ExitCode(1) }
    }
}

/// A list of what was found, printed while it grows: one JSON object, or a line each.
struct FindingList {
    private let asJSON: Bool
    private(set) var count = 0

    init(name: String, asJSON: Bool) {
        self.asJSON = asJSON
        if asJSON { StandardOutput.text("{\"\(name)\":[") }
    }

    mutating func add(_ json: JSONObject, line: () -> String) {
        if asJSON {
            StandardOutput.text((count > 0 ? "," : "") + json.description)
        } else {
            StandardOutput.line(line())
        }
        count += 1
    }

    /// Ends the list with its count and what else there is to say.
    func end(_ more: JSONObject) {
        guard asJSON else { return }
        let rest = JSONObject([("count", JSON.int(Int64(count)))] + more.map { ($0.key, $0.value) })
        StandardOutput.line("]," + rest.description.dropFirst())
    }
}
