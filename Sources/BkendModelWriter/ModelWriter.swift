import BkendWire

/// Writes Swift models for tables: a `@Table` struct each, with what its schema says. The same tables give the same text.
///
/// | Schema | Swift |
/// |---|---|
/// | required, or with a default that can be written in Swift | the type, with that default |
/// | anything else | an optional |
/// | texts of `enum` | a struct of text with a constant for each, which keeps other values as they are |
/// | an object with properties | a nested `@TableObject` |
/// | an object without properties | `[String: JSON]` |
/// | a reference to one of the tables | `Reference` to its model, otherwise a text |
/// | no type | `JSON` |
package struct ModelWriter {
    /// `internal`, `package` or `public`.
    package enum Access: String, CaseIterable, Sendable {
        case `internal`, `package`, `public`

        /// What stands before a declaration.
        var prefix: String { self == .internal ? "" : rawValue + " " }
    }

    private let access: String
    /// The models by their tables, for references.
    private var models: [String: String] = [:]
    private var lines: [String] = []

    private init(_ access: Access) { self.access = access.prefix }

    /// The text of a Swift file with the tables' models, in the order of their names.
    ///
    /// - Parameter names: the type's name by the table's, where it isn't the table's own in the singular.
    package static func text(
        _ tables: [TableDefinition], access: Access = .internal, names: [String: String] = [:]
    ) -> String {
        var writer = ModelWriter(access)
        writer.lines = [
            "// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.",
            "",
            "import Bkend", "import Foundation",
        ]
        var scope = SwiftScope(Set(names.values))
        let tables = tables.sorted { $0.name.precedesInBytes($1.name) }
        let types = tables.map { table in
            names[table.name]
                ?? scope.name(
                    SwiftName.singular(SwiftName.type(table.name)), reserved: SwiftName.types, suffix: "Model")
        }
        for (table, type) in zip(tables, types) where !table.schema.properties.isEmpty {
            writer.models[table.name] = type
        }
        for (table, type) in zip(tables, types) {
            writer.lines.append("")
            writer.write(table, as: type)
        }
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private mutating func write(_ table: TableDefinition, as name: String) {
        let schema = table.schema
        guard !schema.properties.isEmpty else {
            lines.append(
                "// The schema of \(table.name) names no fields: use `table(\"\(table.name)\")`, whose records are JSON."
            )
            return
        }
        lines.append("/// A record of the table `\(table.name)`.")
        lines.append("@Table(\"\(table.name)\")")
        // Who may not read a field gets records without it.
        var readable = schema
        readable.required.removeAll { table.columnPermissions[.init($0)]?.read != nil }
        writeStruct(name, "Table", readable, margin: "", beside: Set(schema.referencedTables.compactMap { models[$0] }))
    }

    /// Writes a struct for an object's schema.
    ///
    /// - Parameters:
    ///   - conformance: the protocol of its macro.
    ///   - named: the models that references name, which no type inside may hide.
    private mutating func writeStruct(
        _ name: String, _ conformance: String, _ schema: FieldSchema, margin: String, beside named: Set<String>
    ) {
        let inner = margin + "    "
        let head = lines.count
        lines.append("")
        var types = SwiftScope(named.union([name]))
        var members = SwiftScope()
        var nested: [Nested] = []
        for property in schema.properties {
            let mayBeNull = property.schema.allowed?.contains(.null) ?? false
            let isRequired = !mayBeNull && schema.required.contains { $0.hasSameBytes(as: property.name) }
            let type = SwiftType(property.schema, of: property.name, models: models, &types)
            nested += type.nested
            let wanted = SwiftName.member(property.name) ?? "value"
            let member = members.name(wanted, reserved: SwiftName.members, suffix: "Field")
            for line in Self.comment(property.schema, type) { lines.append("\(inner)/// \(line.withEscapedControls)") }
            let column = member.hasSameBytes(as: property.name) ? "" : "@Column(\"\(property.name)\") "
            lines.append("\(inner)\(column)\(access)var \(SwiftName.escaped(member))\(type.declared(isRequired))")
        }
        // The compiler may look for the conformance before it has expanded the macro of a struct with macros inside.
        let hasObjects = nested.contains { if case .object = $0 { true } else { false } }
        lines[head] = "\(margin)\(access)struct \(name): \(hasObjects ? "\(conformance), " : "")Hashable {"
        for type in nested {
            lines.append("")
            switch type {
            case .object(let name, let field, let schema):
                lines.append("\(inner)/// An object in `\(field)`.")
                lines.append("\(inner)@TableObject")
                writeStruct(name, "TableObject", schema, margin: inner, beside: named)
            case .values(let name, let field, let constants): write(constants, of: field, as: name, margin: inner)
            }
        }
        lines.append("\(margin)}")
    }

    /// Writes the type of a field that has one of some texts.
    private mutating func write(_ constants: [SwiftType.Constant], of field: String, as name: String, margin: String) {
        let inner = margin + "    "
        lines += [
            "\(margin)/// What `\(field)` may be. Another value, of a later version of the schema, is kept as it is.",
            "\(margin)\(access)struct \(name): RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {",
            "\(inner)\(access)var rawValue: String", "",
            "\(inner)\(access)init(rawValue: String) { self.rawValue = rawValue }", "",
        ]
        for constant in constants {
            let value = "\(name)(rawValue: \(SwiftLiteral.text(constant.text)))"
            lines.append("\(inner)\(access)static let \(SwiftName.escaped(constant.member)) = \(value)")
        }
        lines.append("\(margin)}")
    }

    /// What a field's rules say, in sentences.
    private static func comment(_ schema: FieldSchema, _ type: SwiftType) -> [String] {
        var parts: [String] = []
        if schema.kind == .reference, type.text == "String" {
            parts.append(schema.table.map { "The id of a record of `\($0)`." } ?? "The id of a record.")
        }
        let unit = schema.kind == .array ? "elements" : "characters"
        switch (schema.minLength, schema.maxLength) {
        case (let least?, let most?): parts.append("From \(least) to \(most) \(unit).")
        case (let least?, nil): parts.append("At least \(least) \(unit).")
        case (nil, let most?): parts.append("At most \(most) \(unit).")
        case (nil, nil): break
        }
        switch (schema.minimum, schema.maximum) {
        case (let least?, let most?): parts.append("From \(least) to \(most).")
        case (let least?, nil): parts.append("At least \(least).")
        case (nil, let most?): parts.append("At most \(most).")
        case (nil, nil): break
        }
        if let pattern = schema.pattern { parts.append("Matches the pattern \(JSON.string(pattern)).") }
        if schema.unique { parts.append("Unique.") }
        if let allowed = schema.allowed, !type.isOfValues {
            parts.append("One of \(allowed.map(\.description).joined(separator: ", ")).")
        }
        if let value = schema.default, !value.isNull, type.initial == nil {
            parts.append("The server fills in \(value).")
        }
        return parts.isEmpty ? [] : [parts.joined(separator: " ")]
    }
}

extension FieldSchema {
    /// The tables of all references in it.
    fileprivate var referencedTables: [String] {
        (kind == .reference ? [table].compactMap(\.self) : []) + items.flatMap(\.referencedTables)
            + properties.flatMap(\.schema.referencedTables)
    }
}
