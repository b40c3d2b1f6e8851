/// What a table's schema says of one field (rest-api.md §6, §11).
package struct FieldSchema: Hashable, Sendable {
    /// A field's type.
    package enum Kind: String, Hashable, Sendable {
        /// Text.
        case string
        /// A whole number of 64 bits.
        case int
        /// Any number; design-time `number`.
        case double
        /// True or false; design-time `boolean`.
        case bool
        /// An ISO 8601 date, stored normalised.
        case date
        /// An object.
        case object
        /// An array.
        case array
        /// The id of a record of another table; existence is not enforced.
        case reference
    }

    /// The type, nil for any.
    package var kind: Kind?
    /// The value of an absent field on create.
    package var `default`: JSON?
    /// Whether no two records may hold the same value.
    package var unique = false
    /// A PCRE pattern that a string must hold a match of.
    package var pattern: String?
    /// The least number.
    package var minimum: JSON?
    /// The greatest number.
    package var maximum: JSON?
    /// The least length of a string in Unicode scalar values, or of an array in elements.
    package var minLength: Int?
    /// The greatest length.
    package var maxLength: Int?
    /// The values allowed, nil for any.
    package var allowed: [JSON]? {
        didSet { allowedTexts = Self.texts(of: allowed) }
    }
    /// The same, where they are texts and many: an array's elements may be many thousands, and each is looked up.
    package private(set) var allowedTexts: Set<ExactString>?
    /// What an array's elements must be. (An array holds it, since a struct can't hold itself.)
    package var items: [FieldSchema] = []
    /// An object's fields, in order.
    package var properties: [Property] = []
    /// The names of an object's fields that must be present.
    package var required: [String] = []
    /// Whether an object may hold fields that `properties` doesn't name.
    package var additionalProperties = true
    /// The table that a reference points to.
    package var table: String?

    /// A field's name and schema.
    package struct Property: Hashable, Sendable {
        /// The name.
        package var name: String
        /// What its value must be.
        package var schema: FieldSchema

        /// A property.
        package init(_ name: String, _ schema: FieldSchema) {
            self.name = name
            self.schema = schema
        }
    }

    /// A schema of a type, or of any.
    package init(_ kind: Kind? = nil) { self.kind = kind }

    private static func texts(of allowed: [JSON]?) -> Set<ExactString>? {
        guard let allowed, allowed.count > 8 else { return nil }
        let texts = allowed.compactMap(\.stringValue)
        return texts.count == allowed.count ? Set(texts.map(ExactString.init)) : nil
    }

    /// Same rules; names, patterns and values by code point.
    package static func == (a: FieldSchema, b: FieldSchema) -> Bool { a.json == b.json }

    /// Hashes the rules.
    package func hash(into hasher: inout Hasher) { hasher.combine(json) }

    /// The schema of a named field of an object.
    package subscript(property: String) -> FieldSchema? {
        properties.first { $0.name.hasSameBytes(as: property) }?.schema
    }

    /// The schema at a dotted path; positions in arrays lead to their elements.
    package func schema(at path: String) -> FieldSchema? {
        path.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).reduce(Optional(self)) { schema, part in
            guard let schema else { return nil }
            let name = String(decoding: part, as: UTF8.self)
            guard schema.kind == .array else { return schema[name] }
            let isPosition = !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
            return isPosition ? schema.items.first : schema.items.first?[name]
        }
    }
}
