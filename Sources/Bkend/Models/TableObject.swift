import BkendWire
public import Foundation

/// A Swift type that describes a JSON object: a record, or an object nested in one.
///
/// `@Table` and `@TableObject` write the conformance. By hand:
///
/// ```swift
/// struct Author: TableObject {
///     var name: String
///
///     struct Fields: FieldSet {
///         let fieldPrefix: String
///         var name: Field<String> { field("name") }
///     }
/// }
/// ```
public protocol TableObject: Codable, Sendable {
    /// The typed names of the fields.
    associatedtype Fields: FieldSet
}

/// The typed names of an object's fields, wherever the object lies in its record.
public protocol FieldSet: Sendable {
    /// What stands before each name: empty in the record itself, `author.` in its object `author`.
    var fieldPrefix: String { get }

    /// The names of an object at that place.
    init(fieldPrefix: String)
}

extension FieldSet {
    /// A field of this object by its name, including fields that the model doesn't declare.
    public func field<Value>(_ name: String, _ type: Value.Type = Value.self) -> Field<Value> {
        Field(fieldPrefix + name)
    }
}

/// The typed names of a record's fields, with those of the system fields (rest-api.md §3).
public protocol TableFields: FieldSet {}

extension TableFields {
    /// The record's id.
    public var id: Field<String> { Field(SystemField.id.rawValue) }
    /// The id of the user who created the record, `""` for a guest.
    public var createdBy: Field<String> { Field(SystemField.createdBy.rawValue) }
    /// When the record was created.
    public var createdAt: Field<Date> { Field(SystemField.createdAt.rawValue) }
    /// When the record last changed.
    public var updatedAt: Field<Date> { Field(SystemField.updatedAt.rawValue) }
}
