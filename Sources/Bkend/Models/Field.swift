public import BkendWire

/// The name of a field and the type of its value. Only operators that fit the type compile.
///
/// ```swift
/// let popular = articles.where { $0.views > 100 && $0.author.name == "Ada" }
/// ```
@dynamicMemberLookup
public struct Field<Value>: Sendable {
    /// The name, or the dotted path into objects and arrays.
    package let fieldPath: String

    /// A field by its name or dotted path.
    public init(_ path: String) { fieldPath = path }
}

// MARK: Nested fields

extension Field where Value: TableObject {
    /// A field of the object in this field.
    public subscript<Leaf>(dynamicMember field: KeyPath<Value.Fields, Field<Leaf>>) -> Field<Leaf> {
        Value.Fields(fieldPrefix: fieldPath + ".")[keyPath: field]
    }
}

extension Field where Value: ObjectContainer {
    /// A field of the optional object in this field, or of the objects in its array. For an array, a condition holds if
    /// it holds for any of the objects (rest-api.md §5).
    public subscript<Leaf>(dynamicMember field: KeyPath<Value.Object.Fields, Field<Leaf>>) -> Field<Leaf> {
        Value.Object.Fields(fieldPrefix: fieldPath + ".")[keyPath: field]
    }
}

extension Field {
    /// A member of the dictionary in this field.
    public subscript<Leaf>(key: String) -> Field<Leaf> where Value == [String: Leaf] {
        Field<Leaf>(fieldPath + "." + key)
    }
}

extension Field where Value == JSON {
    /// A member of the optional object in this field.
    public subscript(dynamicMember name: String) -> Field<JSON> { self[name] }

    /// A member of the optional object in this field, or of the objects in its array.
    public subscript(key: String) -> Field<JSON> { Field(fieldPath + "." + key) }
}

/// A type around nested objects: an optional or an array of them.
public protocol ObjectContainer {
    /// The nested object's type.
    associatedtype Object: TableObject
}

extension Optional: ObjectContainer where Wrapped: TableObject {
    /// The wrapped object.
    public typealias Object = Wrapped
}

extension Array: ObjectContainer where Element: TableObject {
    /// The element.
    public typealias Object = Element
}
