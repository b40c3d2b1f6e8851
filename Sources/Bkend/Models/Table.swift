public import BkendWire

/// A Swift type for a record's own fields. The system fields are in `Record`.
public protocol RecordModel: TableObject where Fields: TableFields {
    /// The names of the fields, as `select` asks for them; empty for all that the record has.
    static var fieldNames: [String] { get }
}

extension RecordModel {
    /// The typed names of the fields.
    public static var fields: Fields { Fields(fieldPrefix: "") }
}

/// A model of the records of one table.
///
/// The `@Table` macro writes the conformance. By hand:
///
/// ```swift
/// struct Article: Table {
///     static let tableName = "articles"
///     static let fieldNames = ["title", "views"]
///     var title: String
///     var views: Int?
///
///     struct Fields: TableFields {
///         let fieldPrefix: String
///         var title: Field<String> { field("title") }
///         var views: Field<Int?> { field("views") }
///     }
/// }
/// ```
///
/// The names in `Fields` are the names in the JSON, and therefore those of `CodingKeys` if the model has them. A model
/// doesn't declare `id`, `createdBy`, `createdAt` and `updatedAt`, because only the server sets them (rest-api.md §3).
public protocol Table: RecordModel {
    /// The table's name, as rest-api.md §2 allows it.
    static var tableName: String { get }
}

extension Table {
    /// Every record of the table, by `id` descending. The start of a query that is independent of any client.
    public static var query: TableQuery<Self> { TableQuery() }

    /// The records that match a filter; see `Filterable.where(_:)`.
    public static func `where`(_ filter: (Fields) -> some FilterConvertible) -> TableQuery<Self> { query.where(filter) }
}

/// A record without a model: `client.table("articles")` reads and writes plain JSON objects.
extension JSONObject: RecordModel {
    /// Any name is a field.
    public typealias Fields = JSONFields

    /// Empty: all fields.
    public static var fieldNames: [String] { [] }
}

/// The fields of a record without a model: any name, of any type.
///
/// `$0.views > 100`, `$0.author.name == "Ada"`, or `$0["name with spaces"]`.
@dynamicMemberLookup
public struct JSONFields: TableFields {
    /// The prefix of each name.
    public let fieldPrefix: String

    /// The names of an object at that place.
    public init(fieldPrefix: String) { self.fieldPrefix = fieldPrefix }

    /// The field of that name.
    public subscript(dynamicMember name: String) -> Field<JSON> { field(name) }

    /// The field of that name, or at that dotted path.
    public subscript(name: String) -> Field<JSON> { field(name) }
}
