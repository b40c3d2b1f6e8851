#if Macros
import SwiftDiagnostics
import SwiftSyntax

extension ModelDiagnostic {
    static func notAStruct(_ attribute: AttributeSyntax, _ declaration: some DeclGroupSyntax) -> Diagnostic {
        let name = attribute.attributeName.trimmedDescription
        let message = ModelDiagnostic(
            "notAStruct", "@\(name) needs a struct: a model is a value that can be copied, compared and sent")
        guard let type = declaration.as(ClassDeclSyntax.self) else { return message.at(declaration.introducer) }
        let keyword = type.classKeyword
        let fix = FixIt(
            message: ModelFix("makeStruct", "make it a struct"),
            changes: [
                .replace(oldNode: Syntax(keyword), newNode: Syntax(keyword.with(\.tokenKind, .keyword(.struct))))
            ])
        return message.at(keyword, fixIts: [fix])
    }

    static func missingType(_ pattern: IdentifierPatternSyntax, _ binding: PatternBindingSyntax) -> Diagnostic {
        let name = pattern.identifier.text
        let message = ModelDiagnostic(
            "missingType", "the type of \(name) can't be seen in its default value: write it, var \(name): <type>")
        let placeholder = IdentifierTypeSyntax(name: .identifier("<#Type#>"))
        let annotation = TypeAnnotationSyntax(
            colon: .colonToken(trailingTrivia: .space), type: placeholder, trailingTrivia: .space)
        let typed = binding.with(\.pattern, binding.pattern.trimmed).with(\.typeAnnotation, annotation)
        let fix = FixIt(
            message: ModelFix("addType", "add the type"),
            changes: [.replace(oldNode: Syntax(binding), newNode: Syntax(typed))])
        return message.at(pattern, fixIts: [fix])
    }

    static func wrapped(
        _ pattern: IdentifierPatternSyntax, _ variable: VariableDeclSyntax, _ wrapper: AttributeSyntax
    ) -> Diagnostic {
        let text = wrapper.attributeName.trimmedDescription
        let message = ModelDiagnostic(
            "wrapped", "\(pattern.identifier.text) can't be a field: @\(text) keeps its value in a storage of its own")
        var plain = variable
        plain.attributes = variable.attributes.filter { $0.id != wrapper.id }
        plain.leadingTrivia = variable.leadingTrivia
        let fix = FixIt(
            message: ModelFix("removeWrapper", "remove @\(text)"),
            changes: [.replace(oldNode: Syntax(variable), newNode: Syntax(plain))])
        return message.at(wrapper, fixIts: [fix])
    }

    static func lazyProperty(
        _ pattern: IdentifierPatternSyntax, _ variable: VariableDeclSyntax, _ modifier: DeclModifierSyntax
    ) -> Diagnostic {
        let message = ModelDiagnostic(
            "lazy", "\(pattern.identifier.text) can't be a field: a lazy property has no value until it is read")
        var eager = variable
        eager.modifiers = variable.modifiers.filter { $0.id != modifier.id }
        eager.leadingTrivia = variable.leadingTrivia
        let fix = FixIt(
            message: ModelFix("removeLazy", "remove lazy"),
            changes: [.replace(oldNode: Syntax(variable), newNode: Syntax(eager))])
        return message.at(modifier, fixIts: [fix])
    }

    static func systemField(_ name: String, _ variable: VariableDeclSyntax?, _ node: Syntax) -> Diagnostic {
        let message = ModelDiagnostic(
            "systemField", "\(name) is set by the server alone: every Record has it, so the model doesn't declare it")
        guard let variable, variable.bindings.count == 1, let member = variable.parent?.as(MemberBlockItemSyntax.self),
            let list = member.parent?.as(MemberBlockItemListSyntax.self)
        else { return message.at(node) }
        let others = list.filter { $0.id != member.id }
        let fix = FixIt(
            message: ModelFix("removeProperty", "remove \(name)"),
            changes: [.replace(oldNode: Syntax(list), newNode: Syntax(others))])
        return message.at(node, fixIts: [fix])
    }
}
#endif
