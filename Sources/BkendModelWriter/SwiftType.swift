import BkendWire

/// The Swift type of a field, and the types that have to be declared for it.
struct SwiftType {
    /// The type as it is written, without the question mark of an optional.
    let text: String
    /// The default as it is written, nil for none.
    let initial: String?
    /// The types that it names, which stand inside the model.
    private(set) var nested: [Nested] = []
    /// Whether it is a type of some texts.
    private(set) var isOfValues = false

    /// The name of a constant for a text.
    struct Constant {
        let member: String
        let text: String

        init(_ member: String, _ text: String) {
            self.member = member
            self.text = text
        }
    }

    /// - Parameters:
    ///   - field: the field's name.
    ///   - isElement: whether it is the type of an array's elements.
    ///   - models: the models by their tables.
    ///   - scope: the types that the model holds already.
    init(
        _ schema: FieldSchema, of field: String, isElement: Bool = false, models: [String: String],
        _ scope: inout SwiftScope
    ) {
        let name = SwiftName.type(isElement ? SwiftName.singular(field) : field)
        if let texts = Self.texts(schema) {
            let type = scope.name(name, reserved: SwiftName.types, suffix: "Value")
            let constants = Self.constants(texts)
            text = type
            initial = schema.default?.stringValue.map { value in
                let constant = constants.first { $0.text.hasSameBytes(as: value) }
                return constant.map { ".\($0.member)" }
                    ?? "\(type)(rawValue: \(SwiftLiteral.text(value)))"
            }
            nested = [.values(type, field: field, constants)]
            isOfValues = true
            return
        }
        let model = schema.table.flatMap { models[$0] }
        switch schema.kind {
        case .reference where model != nil:
            text = "Reference<\(model ?? "")>"
            initial = schema.default?.stringValue.map { "Reference(\(SwiftLiteral.text($0)))" }
        case .string, .reference:
            text = "String"
            initial = schema.default?.stringValue.map(SwiftLiteral.text)
        case .int:
            text = "Int"
            initial = schema.default?.intValue.map { "\($0)" }
        case .double:
            text = "Double"
            // The compiler warns of literals that are subnormal.
            initial = schema.default?.doubleValue.flatMap { $0.isNormal || $0.isZero ? "\($0)" : nil }
        case .bool:
            text = "Bool"
            initial = schema.default?.boolValue.map { "\($0)" }
        case .date:
            text = "Date"
            initial = nil
        case .array:
            let element = schema.items.first.map { SwiftType($0, of: field, isElement: true, models: models, &scope) }
            text = "[\(element?.text ?? "JSON")]"
            nested = element?.nested ?? []
            isOfValues = element?.isOfValues ?? false
            initial = schema.default?.arrayValue?.isEmpty ?? false ? "[]" : nil
        case .object where !schema.properties.isEmpty:
            let type = scope.name(name, reserved: SwiftName.types, suffix: "Value")
            text = type
            nested = [.object(type, field: field, schema)]
            initial = nil
        case .object:
            text = "[String: JSON]"
            initial = schema.default?.objectValue?.isEmpty ?? false ? "[:]" : nil
        case nil:
            text = "JSON"
            initial = nil
        }
    }

    /// The texts that a field may have, where it may have nothing else.
    private static func texts(_ schema: FieldSchema) -> [String]? {
        guard schema.kind == .string || schema.kind == nil,
            let allowed = schema.allowed?.filter({ !$0.isNull }), !allowed.isEmpty
        else { return nil }
        let texts = allowed.compactMap(\.stringValue)
        guard texts.count == allowed.count else { return nil }
        var known: Set<ExactString> = []
        return texts.filter { known.insert(ExactString($0)).inserted }
    }

    /// Names for the constants of texts, in the texts' order.
    private static func constants(_ texts: [String]) -> [Constant] {
        var scope = SwiftScope()
        return texts.map { text in
            let code = text.unicodeScalars.prefix(4).map { String($0.value, radix: 16, uppercase: true) }.joined()
            let wanted = SwiftName.member(text) ?? (text.isEmpty ? "empty" : "u\(code)")
            return Constant(scope.name(wanted, reserved: SwiftName.constants, suffix: "Value"), text)
        }
    }

    /// What stands behind a property's name: its type, its default, or both where the default doesn't show the type.
    func declared(_ isRequired: Bool) -> String {
        guard let initial else { return isRequired ? ": \(text)" : ": \(text)?" }
        return ["String", "Int", "Double", "Bool"].contains(text) ? " = \(initial)" : ": \(text) = \(initial)"
    }
}

/// A type that stands inside a model.
enum Nested {
    /// A nested object, with its field.
    case object(String, field: String, FieldSchema)
    /// A type of some texts, with its field.
    case values(String, field: String, [SwiftType.Constant])
}

/// Swift's literals.
enum SwiftLiteral {
    /// A text in quotes, with anything but printable ASCII and letters escaped.
    static func text(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\t": literal += "\\t"
            case " "..."~": literal.unicodeScalars.append(scalar)
            default:
                if scalar.properties.isAlphabetic, scalar.properties.canonicalCombiningClass == .notReordered {
                    literal.unicodeScalars.append(scalar)
                } else {
                    literal += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
                }
            }
        }
        return literal + "\""
    }
}
