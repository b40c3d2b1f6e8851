#if Macros
import SwiftSyntax
import SwiftSyntaxBuilder

/// The type of a property from its default value, where the text alone tells.
enum InferredType {
    static func type(of value: ExprSyntax) -> TypeSyntax? {
        name(of: value).map { TypeSyntax(stringLiteral: $0) }
    }

    private static func name(of value: ExprSyntax) -> String? {
        if value.is(BooleanLiteralExprSyntax.self) { return "Bool" }
        if value.is(IntegerLiteralExprSyntax.self) { return "Int" }
        if value.is(FloatLiteralExprSyntax.self) { return "Double" }
        if value.is(StringLiteralExprSyntax.self) { return "String" }
        if let prefixed = value.as(PrefixOperatorExprSyntax.self), prefixed.operator.text == "-" {
            let name = name(of: prefixed.expression)
            return name == "Int" || name == "Double" ? name : nil
        }
        if let array = value.as(ArrayExprSyntax.self) {
            let names = array.elements.map { name(of: $0.expression) }
            guard let first = names.first, let element = first, names.allSatisfy({ $0 == element }) else { return nil }
            return "[\(element)]"
        }
        // `Date()`, `[String]()`, `Point(x: 0, y: 0)`
        if let call = value.as(FunctionCallExprSyntax.self) { return typeName(call.calledExpression) }
        // `Status.draft`: a case or constant of the type, as nearly all such are
        if let member = value.as(MemberAccessExprSyntax.self), let base = member.base {
            let name = member.declName.baseName.text
            return name.first?.isLowercase == true && name != "self" ? typeName(base) : nil
        }
        return nil
    }

    /// The text of an expression that names a type: capitals, perhaps with dots, or `[Element]`.
    private static func typeName(_ expression: ExprSyntax) -> String? {
        if let reference = expression.as(DeclReferenceExprSyntax.self) {
            let name = reference.baseName.text
            return name.first?.isUppercase == true && name != "Self" ? name : nil
        }
        if let member = expression.as(MemberAccessExprSyntax.self), let base = member.base {
            let name = member.declName.baseName.text
            guard name.first?.isUppercase == true, let outer = typeName(base) else { return nil }
            return outer + "." + name
        }
        if let array = expression.as(ArrayExprSyntax.self), array.elements.count == 1,
            let element = array.elements.first
        {
            return typeName(element.expression).map { "[\($0)]" }
        }
        if let generic = expression.as(GenericSpecializationExprSyntax.self) {
            return typeName(generic.expression).map { _ in generic.trimmedDescription }
        }
        return nil
    }
}
#endif
