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
