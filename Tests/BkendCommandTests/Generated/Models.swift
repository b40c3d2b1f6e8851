// Made by `bkend generate swift` from the definitions of tables. Changes are lost when it is made again.

import Bkend
import Foundation

/// A record of the table `oddities`.
@Table("oddities")
struct Oddity: Table, Hashable {
    var `default` = "a\"b\\c\n\u{1}é"
    var `in`: Int?
    @Column("self") var selfField: Bool?
    @Column("init") var initField: String?
    @Column("String") var string: String?
    /// Matches the pattern "^https?://\\S+$".
    @Column("URL") var url: String?
    @Column("a_b") var aB: String?
    @Column("aB") var aB2: String?
    @Column("fieldPrefix") var fieldPrefixField: String?
    var anything: JSON?
    var json: [String: JSON]?
    @Column("Fields") var fields: FieldsValue?
    var state: State = .open
    var dates: [Date]?
    var day: Date

    /// An object in `Fields`.
    @TableObject
    struct FieldsValue: Hashable {
        var x: Int
    }

    /// What `state` may be. Another value, of a later version of the schema, is kept as it is.
    struct State: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
        var rawValue: String

        init(rawValue: String) { self.rawValue = rawValue }

        static let open = State(rawValue: "open")
        static let `in` = State(rawValue: "in")
        static let u1F642 = State(rawValue: "\u{1F642}")
        static let selfValue = State(rawValue: "self")
        static let aB = State(rawValue: "A-b")
        static let aB2 = State(rawValue: "a b")
    }
}

/// A record of the table `shopping_lists`.
@Table("shopping_lists")
struct ShoppingList: Table, Hashable {
    /// At most 200 characters.
    var name: String
    var date: Date?
    var items: [Item]
    /// At least 0.
    var totalItems = 0
    @Column("checked_items") var checkedItems: Int?

    /// An object in `items`.
    @TableObject
    struct Item: Hashable {
        var name: String
        var amount = 1.5
        var unit: Unit?
        var checked = false
        /// The id of a record of `recipes`.
        var recipeId: String?

        /// What `unit` may be. Another value, of a later version of the schema, is kept as it is.
        struct Unit: RawRepresentable, Codable, Hashable, Sendable, TextValue, RangeValue {
            var rawValue: String

            init(rawValue: String) { self.rawValue = rawValue }

            static let g = Unit(rawValue: "g")
            static let kg = Unit(rawValue: "kg")
            static let value1Pc = Unit(rawValue: "1 pc")
            static let empty = Unit(rawValue: "")
        }
    }
}
