#if Macros
import SwiftDiagnostics
import SwiftSyntax

/// Reads a model's declaration and collects what is wrong with it.
struct ModelReader {
    let kind: ModelMacro.Kind
    var diagnostics: [Diagnostic] = []

    init(kind: ModelMacro.Kind) { self.kind = kind }

    /// The model, nil when there is a mistake.
    mutating func model(_ declaration: some DeclGroupSyntax) -> Model? {
        guard let structure = declaration.as(StructDeclSyntax.self) else {
            diagnostics.append(ModelDiagnostic.notAStruct(kind.attribute, declaration))
            return nil
        }
        if let clause = structure.genericParameterClause {
            diagnostics.append(ModelDiagnostic.generic.at(clause))
        }
        var model = Model(access: Self.access(structure.modifiers), properties: [], declared: [])
        if case .table(let attribute) = kind { model.tableName = tableName(attribute) }
        var codingKeys: EnumDeclSyntax?
        for member in structure.memberBlock.members {
            if let condition = member.decl.as(IfConfigDeclSyntax.self) {
                if condition.declaresVariables { diagnostics.append(ModelDiagnostic.conditional.at(condition)) }
            } else if let variable = member.decl.as(VariableDeclSyntax.self) {
                if !variable.isStatic { model.properties += properties(variable) }
            } else if let initializer = member.decl.as(InitializerDeclSyntax.self) {
                model.declared.insert(initializer.isDecoding ? .decoding : .initializer)
            } else if let function = member.decl.as(FunctionDeclSyntax.self), function.isEncoding {
                model.declared.insert(.encoding)
            } else if let type = member.decl.as(StructDeclSyntax.self), type.name.text == "Fields" {
                model.declared.insert(.fields)
            } else if let type = member.decl.as(EnumDeclSyntax.self), type.name.text == "CodingKeys" {
                model.declared.insert(.codingKeys)
                codingKeys = type
            }
        }
        if let codingKeys { apply(codingKeys, to: &model) }
        checkNames(model, structure)
        return diagnostics.isEmpty ? model : nil
    }

    /// What stands before the members of the extension: an extension's members are no more visible than the struct.
    private static func access(_ modifiers: DeclModifierListSyntax) -> String {
        for modifier in modifiers where ["public", "package"].contains(modifier.name.text) {
            return modifier.name.text + " "
        }
        return ""
    }

    private mutating func tableName(_ attribute: AttributeSyntax) -> String? {
        guard let argument = attribute.arguments?.as(LabeledExprListSyntax.self)?.first?.expression else { return nil }
        guard let name = argument.as(StringLiteralExprSyntax.self)?.plainText else {
            diagnostics.append(ModelDiagnostic.nameIsNoLiteral.at(argument))
            return nil
        }
        if let flaw = NameRule.flaw(inTable: name) {
            diagnostics.append(ModelDiagnostic.tableName(name, flaw).at(argument))
        }
        return name
    }

    /// Takes the names from coding keys that the model declares itself.
    private mutating func apply(_ codingKeys: EnumDeclSyntax, to model: inout Model) {
        var names: [String: String] = [:]
        for member in codingKeys.memberBlock.members {
            for element in member.decl.as(EnumCaseDeclSyntax.self)?.elements ?? [] {
                let name = element.name.text.withoutBackticks
                let literal = element.rawValue?.value.as(StringLiteralExprSyntax.self)
                names[name] = literal?.plainText ?? name
            }
        }
        for index in model.properties.indices {
            let property = model.properties[index]
            let name = property.name.withoutBackticks
            if property.fieldName.map({ $0 != name }) ?? false {
                diagnostics.append(ModelDiagnostic.columnBesideCodingKeys(name).at(codingKeys.name))
            }
            model.properties[index].fieldName = names[name]
            if names[name] == nil, property.defaultValue == nil, !property.isOptional || property.isLet {
                diagnostics.append(ModelDiagnostic.leftOutWithoutDefault(name).at(codingKeys.name))
            }
        }
    }

    private mutating func checkNames(_ model: Model, _ structure: StructDeclSyntax) {
        if model.fields.isEmpty, diagnostics.isEmpty {
            diagnostics.append(ModelDiagnostic.noFields(structure.name.text).at(structure.name))
        }
        var seen: [String: String] = [:]
        for (property, name) in model.fields {
            let node = Syntax(structure.variable(named: property.name)) ?? Syntax(structure.name)
            if case .notCodable(let kind) = FieldType(property.type), !model.declared.contains(.decoding) {
                diagnostics.append(
                    ModelDiagnostic.notCodable(property.name, kind).at(property.typeToCheck.map(Syntax.init) ?? node))
            } else if let other = seen.updateValue(property.name, forKey: name) {
                diagnostics.append(ModelDiagnostic.sameField(name, other, property.name).at(node))
            } else if kind.isTable, NameRule.systemFields.contains(name) {
                diagnostics.append(ModelDiagnostic.systemField(name, structure.variable(named: property.name), node))
            } else if let flaw = NameRule.flaw(inField: name) {
                diagnostics.append(ModelDiagnostic.fieldName(name, flaw).at(node))
            } else if property.name == "fieldPrefix" {
                diagnostics.append(ModelDiagnostic.fieldPrefix.at(node))
            }
        }
    }
}
#endif
