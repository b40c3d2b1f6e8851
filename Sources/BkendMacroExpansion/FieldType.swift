#if Macros
import SwiftSyntax

/// What can be told of a field's type without knowing any declaration.
enum FieldType {
    /// Surely `Codable`, as numbers, texts and what is made of them.
    case codable
    /// Surely not: what it is.
    case notCodable(String)
    /// The compiler will tell.
    case unknown

    init(_ type: TypeSyntax) {
        switch type.as(TypeSyntaxEnum.self) {
        case .functionType: self = .notCodable("a closure")
        case .metatypeType: self = .notCodable("a type")
        case .someOrAnyType: self = .notCodable("an existential")
        case .attributedType(let type): self = FieldType(type.baseType)
        case .tupleType(let tuple):
            if tuple.elements.count == 1, let element = tuple.elements.first {
                self = FieldType(element.type)
            } else {
                self = .notCodable("a tuple")
            }
        case .optionalType(let type): self = FieldType(type.wrappedType)
        case .implicitlyUnwrappedOptionalType(let type): self = FieldType(type.wrappedType)
        case .arrayType(let type): self = FieldType(type.element)
        case .dictionaryType(let type): self = FieldType(type.key).and(FieldType(type.value))
        case .identifierType(let type): self = Self.named(type.name.text, type.genericArgumentClause)
        case .memberType(let type):
            let isKnown = ["Swift", "Foundation", "Bkend"].contains(type.baseType.trimmedDescription)
            self = isKnown ? Self.named(type.name.text, type.genericArgumentClause) : .unknown
        default: self = .unknown
        }
    }

    private static func named(_ name: String, _ clause: GenericArgumentClauseSyntax?) -> FieldType {
        if ["Any", "AnyObject"].contains(name) { return .notCodable("an existential") }
        guard let clause else { return known.contains(name) ? .codable : .unknown }
        guard ["Array", "Set", "Optional", "Dictionary"].contains(name) else { return .unknown }
        return clause.arguments.reduce(.codable) { found, argument in
            found.and(FieldType(TypeSyntax(stringLiteral: argument.argument.trimmedDescription)))
        }
    }

    private func and(_ other: FieldType) -> FieldType {
        switch (self, other) {
        case (.notCodable, _): self
        case (_, .notCodable): other
        case (.codable, .codable): .codable
        default: .unknown
        }
    }

    private static let known: Set<String> = [
        "String", "Bool", "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
        "Double", "Float", "Decimal", "Date", "UUID", "Data", "URL", "JSON", "JSONObject",
    ]
}
#endif
