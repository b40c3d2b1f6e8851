#if Macros
import SwiftSyntax
import SwiftSyntaxBuilder

/// A model as its declaration describes it.
struct Model {
    /// One stored property.
    struct Property {
        /// The name as written, perhaps in backticks.
        var name: String
        /// The name in the record; nil for a property that the model's own coding keys leave out.
        var fieldName: String?
        var type: TypeSyntax
        var defaultValue: ExprSyntax?
        var isLet: Bool
        /// `public `, `fileprivate ` and so on, as its typed field has it.
        var access: String
        /// Where its type stands, if the compiler is to tell whether that is `Codable`.
        var typeToCheck: TypeSyntax?
        /// The line directive that has mistakes in code about the property reported at it.
        var place: String?

        /// Written, never read.
        var isConstant: Bool { isLet && defaultValue != nil }
        /// The wrapped type of an optional.
        var wrappedType: TypeSyntax? { type.wrappedInOptional }
        var isOptional: Bool { wrappedType != nil }
        /// A default, or the nil that Swift gives an optional `var`.
        var hasInitialValue: Bool { defaultValue != nil || isOptional && !isLet }
        /// A nil that is left out would come back as the default.
        var isWrittenAsNull: Bool {
            guard isOptional, let defaultValue else { return false }
            return !defaultValue.is(NilLiteralExprSyntax.self)
        }
    }

    /// The table's name, nil for a nested object.
    var tableName: String?
    /// `public `, `package ` or nothing.
    var access: String
    var properties: [Property]
    /// What the declaration has of its own and keeps.
    var declared: Declared

    struct Declared: OptionSet {
        let rawValue: Int
        static let codingKeys = Declared(rawValue: 1)
        static let decoding = Declared(rawValue: 2)
        static let encoding = Declared(rawValue: 4)
        static let fields = Declared(rawValue: 8)
        static let initializer = Declared(rawValue: 16)
    }

    /// The properties that the record has.
    var fields: [(property: Property, name: String)] {
        properties.compactMap { property in property.fieldName.map { (property, $0) } }
    }
}

extension StringLiteralExprSyntax {
    /// The text of a literal without interpolation and escapes, as a name has it.
    var plainText: String? {
        guard segments.count == 1, case .stringSegment(let segment)? = segments.first else {
            return segments.isEmpty ? "" : nil
        }
        let text = segment.content.text
        return text.utf8.contains(0x5C) ? nil : text
    }
}

extension TypeSyntax {
    /// `T` of `T?`, `T!` and `Optional<T>`.
    var wrappedInOptional: TypeSyntax? {
        if let type = self.as(OptionalTypeSyntax.self) { return type.wrappedType.trimmed }
        if let type = self.as(ImplicitlyUnwrappedOptionalTypeSyntax.self) { return type.wrappedType.trimmed }
        let name: TokenSyntax
        let clause: GenericArgumentClauseSyntax?
        if let type = self.as(IdentifierTypeSyntax.self) {
            (name, clause) = (type.name, type.genericArgumentClause)
        } else if let type = self.as(MemberTypeSyntax.self), type.baseType.trimmedDescription == "Swift" {
            (name, clause) = (type.name, type.genericArgumentClause)
        } else {
            return nil
        }
        guard name.text == "Optional", let argument = clause?.arguments.first else { return nil }
        return TypeSyntax(stringLiteral: argument.argument.trimmedDescription)
    }
}
#endif
