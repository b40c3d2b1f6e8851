#if Server
import BkendServer
import BkendWire

/// What a command did to tables.
enum ChangeOutput {
    static func show(_ changes: [TableChange], asJSON: Bool) {
        if asJSON {
            StandardOutput.json(
                changes.map { ["table": .string($0.table), "changes": .array($0.changes.map(JSON.string))] })
        } else {
            for change in changes where !change.changes.isEmpty { StandardOutput.line(change.description) }
            if changes.allSatisfy(\.changes.isEmpty) { StandardOutput.line("no changes") }
        }
    }
}
#endif
