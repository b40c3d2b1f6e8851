#if Macros
import SwiftSyntax
import SwiftSyntaxBuilder

extension Model {
    /// Everything that the conformance needs. It stands in the struct's body, since an extension of a nested type
    /// doesn't see the names around that type. All of it is nonisolated: in a module that isolates to the main actor by
    /// default, decoding would otherwise belong to the main actor and the conformance be refused.
    var memberDeclarations: [DeclSyntax] {
        var members: [String] = []
        if let tableName {
            members.append("nonisolated \(access)static let tableName = \(Self.literal(tableName))")
            let names = fields.map { Self.literal($0.name) }.joined(separator: ", ")
            members.append("nonisolated \(access)static let fieldNames: [Swift.String] = [\(names)]")
        }
        if !declared.contains(.fields) { members.append(fieldsDeclaration) }
        if !declared.contains(.codingKeys) { members.append(codingKeys) }
        if !declared.contains(.initializer) { members.append(memberwiseInitializer) }
        if !declared.contains(.decoding) { members.append(decoding) }
        if !declared.contains(.encoding) { members.append(encoding) }
        return members.map { DeclSyntax(stringLiteral: $0) }
    }

    /// The extension with the conformance, nil where the struct states it.
    func extensionDeclaration(of type: some TypeSyntaxProtocol, isConforming: Bool) throws -> ExtensionDeclSyntax? {
        if isConforming { return nil }
        let conformance: TypeSyntax = tableName == nil ? "Bkend.TableObject" : "Bkend.Table"
        return try ExtensionDeclSyntax("extension \(type.trimmed): nonisolated \(conformance) {}")
    }

    /// The memberwise initialiser, which Swift no longer gives to a struct that has `init(from:)` in its body; as
    /// visible as the struct.
    private var memberwiseInitializer: String {
        let settable = properties.filter { property in
            !property.isConstant && !(property.access == "fileprivate " && property.hasInitialValue)
        }
        let parameters = settable.map { property in
            var parameter = "    \(property.name): \(property.type.trimmedDescription)"
            if let value = property.defaultValue {
                parameter += " = \(value.trimmedDescription)"
            } else if property.isOptional, !property.isLet {
                parameter += " = nil"
            }
            return parameter
        }
        let assignments = settable.map { "    self.\($0.name) = \($0.name)" }
        let list = parameters.isEmpty ? "()" : "(\n" + parameters.joined(separator: ",\n") + "\n)"
        return (["nonisolated \(access)init\(list) {"] + assignments + ["}"]).joined(separator: "\n")
    }

    private var fieldsDeclaration: String {
        let conformance = tableName == nil ? "Bkend.FieldSet" : "Bkend.TableFields"
        var lines = [
            "nonisolated \(access)struct Fields: \(conformance) {",
            "    \(access)let fieldPrefix: Swift.String",
            "    \(access)init(fieldPrefix: Swift.String) {",
            "        self.fieldPrefix = fieldPrefix",
            "    }",
        ]
        for (property, name) in fields {
            let type = property.wrappedType.map { "\($0.trimmedDescription)?" } ?? property.type.trimmedDescription
            lines += [
                "    \(property.access)var \(property.name): Bkend.Field<\(type)> {",
                "        Bkend.Field(fieldPrefix + \(Self.literal(name)))",
                "    }",
            ]
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private var codingKeys: String {
        var lines = ["nonisolated enum CodingKeys: Swift.String, Swift.CodingKey {"]
        for (property, name) in fields {
            let isSame = property.name.withoutBackticks == name
            lines.append("    case \(property.name)" + (isSame ? "" : " = \(Self.literal(name))"))
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private var decoding: String {
        var lines = [
            "nonisolated \(access)init(from decoder: any Swift.Decoder) throws {",
            "    let container = try decoder.container(keyedBy: CodingKeys.self)",
        ]
        for (property, _) in fields where !property.isConstant {
            if let place = property.place { lines.append(place) }
            defer { if property.place != nil { lines.append(Self.end) } }
            let name = property.name
            let type = (property.wrappedType ?? property.type).trimmedDescription
            let present = "try container.decodeIfPresent(\(type).self, forKey: .\(name))"
            if property.isOptional, property.isWrittenAsNull {
                lines += ["    if container.contains(.\(name)) {", "        self.\(name) = \(present)", "    }"]
            } else if property.isOptional {
                lines.append("    self.\(name) = \(present)")
            } else if property.defaultValue != nil {
                lines += ["    if let value = \(present) {", "        self.\(name) = value", "    }"]
            } else {
                lines.append("    self.\(name) = try container.decode(\(type).self, forKey: .\(name))")
            }
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private var encoding: String {
        var lines = [
            "nonisolated \(access)func encode(to encoder: any Swift.Encoder) throws {",
            "    var container = encoder.container(keyedBy: CodingKeys.self)",
        ]
        for (property, _) in fields {
            let method = property.isOptional && !property.isWrittenAsNull ? "encodeIfPresent" : "encode"
            let line = "    try container.\(method)(self.\(property.name), forKey: .\(property.name))"
            lines += property.place.map { [$0, line, Self.end] } ?? [line]
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// Ends what `Property.place` begins.
    private static let end = "#sourceLocation()"

    /// A Swift string literal of a name.
    private static func literal(_ text: String) -> String { StringLiteralExprSyntax(content: text).description }
}

extension String {
    /// A name without the backticks that make a keyword a name.
    var withoutBackticks: String {
        utf8.count > 2 && hasPrefix("`") && hasSuffix("`") ? String(dropFirst().dropLast()) : self
    }
}
#endif
