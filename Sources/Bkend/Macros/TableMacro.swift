#if Macros
/// Makes a struct the model of a table. Adds `Table` and `Codable` conformances, typed `Fields`, and a memberwise
/// initialiser with the struct's access level.
///
/// ```swift
/// @Table("articles")
/// struct Article {
///     var title: String
///     var isPublished = false
///     var tags: [String] = []
///     @Column("body") var content: String?
/// }
/// ```
///
/// Each stored property is a field. If a field is missing from the record or null, the property gets its declared
/// default. A nil property is left out when a record is created, and stored as null when an update sets it to nil. A
/// `let` with a value is a constant: it is written, but never read. Types come from the declaration or from a literal
/// default.
///
/// If a struct has another one with a macro inside, name the protocol too (`struct List: Table`, or `TableObject`): the
/// compiler may look for the conformance before it has expanded the macro, depending on the order of files.
///
/// If a model declares its own `CodingKeys`, `init(from:)`, `encode(to:)` or `Fields`, the macro keeps it.
///
/// - Parameter name: the table's name (rest-api.md §2), a string literal.
@attached(
    member,
    names: named(tableName), named(fieldNames), named(Fields), named(CodingKeys), named(init), named(init(from:)),
    named(encode(to:))
)
@attached(extension, conformances: Table)
public macro Table(_ name: String) = #externalMacro(module: "BkendMacros", type: "TableMacro")

/// Makes a struct the type of an object nested in a record, so that `$0.author.name` is a typed field. Works like
/// `@Table`, but without a table's name and system fields.
///
/// ```swift
/// @TableObject
/// struct Writer: Equatable {
///     var name: String
///     var city: String?
/// }
/// ```
@attached(
    member, names: named(Fields), named(CodingKeys), named(init), named(init(from:)), named(encode(to:))
)
@attached(extension, conformances: TableObject)
public macro TableObject() = #externalMacro(module: "BkendMacros", type: "TableObjectMacro")

/// Sets the name of a property's field in the record.
///
/// ```swift
/// @Column("published_on") var publishedOn: Date?
/// ```
@attached(peer)
public macro Column(_ name: String) = #externalMacro(module: "BkendMacros", type: "ColumnMacro")
#endif
