import BkendWire

/// The id of a record of another table, as a field of a model: a text on the wire, with the table in its type.
///
/// ```swift
/// @Table("comments")
/// struct Comment {
///     var article: Reference<Article>
///     var text: String
/// }
/// ```
///
/// `get` reads what it names, on this device or online, one or many at once:
///
/// ```swift
/// let comment = try await comments.create(Comment(article: Reference(article), text: "Well said"))
/// let about = try await articles.get(comment.article)
/// ```
///
/// A reference may hold a local id. The server gets the record's id on the server in its place, and so does the stored
/// record once the server has assigned it. A reference that the app still holds stays valid on this device. Two references
/// are equal if their ids are; a local id and the server's are not.
///
/// The server doesn't check whether the record exists.
public struct Reference<Model: Table>: Sendable {
    /// The record's id.
    public let id: String

    /// A reference to the record with an id.
    public init(_ id: String) { self.id = id }

    /// A reference to a record.
    public init(_ record: Record<Model>) { id = record.id }
}

extension Reference: Codable {
    /// Reads the id.
    public init(from decoder: any Decoder) throws { id = try decoder.singleValueContainer().decode(String.self) }

    /// Writes the id.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(id)
    }
}

extension Reference: Hashable, ComparedExactly {
    package var exact: ExactString { ExactString(id) }
}

extension Reference: RangeValue, TextValue {}
