#if Macros
import SwiftDiagnostics
import SwiftSyntax

extension ModelReader {
    /// The stored properties of one `var` or `let`; computed ones are none.
    mutating func properties(_ variable: VariableDeclSyntax) -> [Model.Property] {
        let isLet = variable.bindingSpecifier.tokenKind == .keyword(.let)
        var properties: [Model.Property] = []
        // In `var a, b: Int` the type stands at the last name only.
        var type: TypeSyntax?
        for binding in variable.bindings.reversed() {
            type = binding.typeAnnotation?.type ?? (binding.initializer == nil ? type : nil)
            guard binding.isStored else { continue }
            guard let pattern = binding.pattern.as(IdentifierPatternSyntax.self) else {
                diagnostics.append(ModelDiagnostic.tuple.at(binding.pattern))
                continue
            }
            if let wrapper = variable.wrapper {
                diagnostics.append(ModelDiagnostic.wrapped(pattern, variable, wrapper))
                continue
            }
            if let lazy = variable.modifiers.first(where: { $0.name.tokenKind == .keyword(.lazy) }) {
                diagnostics.append(ModelDiagnostic.lazyProperty(pattern, variable, lazy))
                continue
            }
            let value = binding.initializer?.value
            guard let type = type ?? value.flatMap(InferredType.type) else {
                diagnostics.append(ModelDiagnostic.missingType(pattern, binding))
                continue
            }
            let name = pattern.identifier.text
            properties.append(
                Model.Property(
                    name: name, fieldName: columnName(variable) ?? name.withoutBackticks, type: type.trimmed,
                    defaultValue: value, isLet: isLet, access: Self.access(ofField: variable.modifiers),
                    typeToCheck: type))
        }
        return properties.reversed()
    }

    /// The name that `@Column` gives.
    private mutating func columnName(_ variable: VariableDeclSyntax) -> String? {
        guard let attribute = variable.attributes.attribute(named: "Column"),
            let argument = attribute.arguments?.as(LabeledExprListSyntax.self)?.first?.expression
        else { return nil }
        guard let name = argument.as(StringLiteralExprSyntax.self)?.plainText else {
            diagnostics.append(ModelDiagnostic.nameIsNoLiteral.at(argument))
            return nil
        }
        return name
    }

    private static func access(ofField modifiers: DeclModifierListSyntax) -> String {
        for modifier in modifiers where modifier.detail == nil {
            switch modifier.name.text {
            case "private", "fileprivate": return "fileprivate "
            case "public", "package": return modifier.name.text + " "
            default: continue
            }
        }
        return ""
    }
}

extension VariableDeclSyntax {
    var isStatic: Bool {
        modifiers.contains { $0.name.tokenKind == .keyword(.static) || $0.name.tokenKind == .keyword(.class) }
    }

    /// An attribute that may be a property wrapper: by convention those begin with a capital letter, the compiler's own
    /// don't.
    var wrapper: AttributeSyntax? {
        attributes.lazy.compactMap { $0.as(AttributeSyntax.self) }.first { attribute in
            let name = attribute.attributeName.trimmedDescription
            return name != "Column" && name != "Bkend.Column" && name.first?.isUppercase == true
        }
    }
}

extension AttributeListSyntax {
    func attribute(named name: String) -> AttributeSyntax? {
        lazy.compactMap { $0.as(AttributeSyntax.self) }.first {
            let text = $0.attributeName.trimmedDescription
            return text == name || text == "Bkend." + name
        }
    }
}

extension PatternBindingSyntax {
    /// Whether the property has storage: no accessors, or observers only.
    var isStored: Bool {
        switch accessorBlock?.accessors {
        case nil: true
        case .getter: false
        case .accessors(let accessors):
            accessors.allSatisfy {
                [.keyword(.willSet), .keyword(.didSet)].contains($0.accessorSpecifier.tokenKind)
            }
        }
    }
}

extension IfConfigDeclSyntax {
    var declaresVariables: Bool {
        clauses.contains { clause in
            guard case .decls(let members)? = clause.elements else { return false }
            return members.contains { member in
                member.decl.as(VariableDeclSyntax.self).map { !$0.isStatic && $0.bindings.contains(where: \.isStored) }
                    ?? false
            }
        }
    }
}

extension InitializerDeclSyntax {
    var isDecoding: Bool { signature.parameterClause.parameters.first?.firstName.text == "from" }
}

extension FunctionDeclSyntax {
    var isEncoding: Bool {
        name.text == "encode" && signature.parameterClause.parameters.first?.firstName.text == "to"
    }
}

extension StructDeclSyntax {
    /// The declaration of a stored property.
    func variable(named name: String) -> VariableDeclSyntax? {
        memberBlock.members.lazy.compactMap { $0.decl.as(VariableDeclSyntax.self) }.first { variable in
            variable.bindings.contains {
                $0.pattern.as(IdentifierPatternSyntax.self)?.identifier.text == name
            }
        }
    }
}
#endif
