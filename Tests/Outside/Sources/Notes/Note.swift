// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import Bkend
public import Foundation

/// A model that another module uses: what `@Table` writes is public too.
@Table("notes")
public struct Note: Equatable, Sendable {
    public var text: String
    public var isDone = false
    public var tags: [String] = []
    public var place: Place?
    @Column("due_on") public var dueOn: Date?

    public init(text: String) { self.text = text }
}

@TableObject
public struct Place: Equatable, Sendable {
    public var city: String

    public init(city: String) { self.city = city }
}

/// A model without a macro.
public struct Visit: Table {
    public static let tableName = "visits"
    public static let fieldNames = ["place", "count"]
    public var place: String
    public var count: Int?

    public init(place: String) { self.place = place }

    public struct Fields: TableFields {
        public let fieldPrefix: String
        public init(fieldPrefix: String) { self.fieldPrefix = fieldPrefix }
        public var place: Field<String> { field("place") }
        public var count: Field<Int?> { field("count") }
    }
}
