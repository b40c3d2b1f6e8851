#if Macros
import SwiftSyntax
import SwiftSyntaxBuilder

extension Model {
    /// The extension with the conformance and everything that it needs.
    func extensionDeclaration(of type: some TypeSyntaxProtocol, isConforming: Bool) throws -> ExtensionDeclSyntax {
        let conformance = tableName == nil ? "Bkend.TableObject" : "Bkend.Table"
        var members: [String] = []
        if let tableName {
            members.append("\(access)static let tableName = \(Self.literal(tableName))")
            let names = fields.map { Self.literal($0.name) }.joined(separator: ", ")
            members.append("\(access)static let fieldNames: [Swift.String] = [\(names)]")
        }
        if !declared.contains(.fields) { members.append(fieldsDeclaration) }
        if !declared.contains(.codingKeys) { members.append(codingKeys) }
        if !declared.contains(.decoding) { members.append(decoding) }
        if !declared.contains(.encoding) { members.append(encoding) }
        let body = members.map(Self.indented).joined(separator: "\n\n")
        let inheritance = isConforming ? "" : ": \(conformance)"
        return try ExtensionDeclSyntax("extension \(type.trimmed)\(raw: inheritance) {\n\(raw: body)\n}")
    }

    /// The initialiser of a public struct that declares none; nil where Swift's own will do.
    var memberwiseInitializer: DeclSyntax? {
        guard !access.isEmpty, !declared.contains(.initializer) else { return nil }
        let settable = properties.filter { property in
            !property.isConstant && !(property.access == "fileprivate " && property.hasInitialValue)
        }
        let parameters = settable.map { property in
            var parameter = "\(property.name): \(property.type.trimmedDescription)"
            if let value = property.defaultValue {
                parameter += " = \(value.trimmedDescription)"
            } else if property.isOptional, !property.isLet {
                parameter += " = nil"
            }
            return parameter
        }
        let assignments = settable.map { "    self.\($0.name) = \($0.name)" }
        return """
            \(raw: access)init(
                \(raw: parameters.joined(separator: ",\n    "))
            ) {
            \(raw: assignments.joined(separator: "\n"))
            }
            """
    }

    private var fieldsDeclaration: String {
        let conformance = tableName == nil ? "Bkend.FieldSet" : "Bkend.TableFields"
        var lines = [
            "\(access)struct Fields: \(conformance) {",
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
        var lines = ["enum CodingKeys: Swift.String, Swift.CodingKey {"]
        for (property, name) in fields {
            let isSame = property.name.withoutBackticks == name
            lines.append("    case \(property.name)" + (isSame ? "" : " = \(Self.literal(name))"))
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private var decoding: String {
        var lines = [
            "\(access)init(from decoder: any Swift.Decoder) throws {",
            "    let container = try decoder.container(keyedBy: CodingKeys.self)",
        ]
        for (property, _) in fields where !property.isConstant {
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
            "\(access)func encode(to encoder: any Swift.Encoder) throws {",
            "    var container = encoder.container(keyedBy: CodingKeys.self)",
        ]
        for (property, _) in fields {
            let method = property.isOptional && !property.isWrittenAsNull ? "encodeIfPresent" : "encode"
            lines.append("    try container.\(method)(self.\(property.name), forKey: .\(property.name))")
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    /// A Swift string literal of a name.
    private static func literal(_ text: String) -> String { StringLiteralExprSyntax(content: text).description }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    " + $0 }
            .joined(separator: "\n")
    }
}

extension String {
    /// A name without the backticks that make a keyword a name.
    var withoutBackticks: String {
        utf8.count > 2 && hasPrefix("`") && hasSuffix("`") ? String(dropFirst().dropLast()) : self
    }
}
#endif
