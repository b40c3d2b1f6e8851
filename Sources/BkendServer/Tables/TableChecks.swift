import BkendDocuments
import BkendWire

/// What can be wrong with a definition whose form is sound: rules that contradict each other or can't be obeyed.
struct TableChecks {
    private(set) var mistakes: [ErrorBody.Detail] = []

    /// Every mistake of these tables, with its path in the file: each comes with its position there.
    static func mistakes(in tables: [(Int, TableDefinition)]) -> [ErrorBody.Detail] {
        var checks = TableChecks()
        for (index, table) in tables { checks.check(table, at: "tables[\(index)]") }
        return checks.mistakes
    }

    private mutating func mistake(_ path: String, _ rule: String, _ message: String) {
        mistakes.append(ErrorBody.Detail(field: path, rule: rule, message: message))
    }

    private mutating func check(_ table: TableDefinition, at path: String) {
        check(table.schema, at: "\(path).schema")
        for name in table.columnPermissions.keys where name.name.utf8.contains(0x2E) {
            mistake("\(path).columnPermissions.\(name.name)", "name", "must name a top-level field, not a path")
        }
        for name in table.columnPermissions.keys where SystemField.contains(name.name) {
            mistake("\(path).columnPermissions.\(name.name)", "reserved", "is a system field, which everyone reads")
        }
        for (index, definition) in table.indexes.enumerated() {
            if definition.name.utf8.first == 0x5F {
                mistake("\(path).indexes[\(index)].name", "reserved", "names with a leading _ are the server's")
            }
        }
    }

    private mutating func check(_ schema: FieldSchema, at path: String) {
        if let pattern = schema.pattern, let flaw = FieldPattern.flaw(in: pattern) {
            mistake("\(path).pattern", "pattern", flaw)
        }
        if let value = schema.default {
            var validator = RecordValidator(fillsDefaults: false, matches: FieldPattern.matches)
            _ = validator.value(value, schema, at: RecordPlace("\(path).default"))
            mistakes += validator.failures.details
        }
        for property in schema.properties { check(property.schema, at: "\(path).properties.\(property.name)") }
        for element in schema.items { check(element, at: "\(path).items") }
    }
}
