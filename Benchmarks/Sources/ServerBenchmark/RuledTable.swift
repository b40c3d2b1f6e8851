import BkendWire

/// A table of the mixed load: the same records and the same index, under different rules.
struct RuledTable {
    let name: String
    /// What the report calls its rules.
    let title: String
    /// Whether a signed-in user asks, who owns the records; a guest otherwise.
    let isSignedIn: Bool
    private let rules: JSONObject
    private let index: JSON
    /// Whether the asker may not write `isPublished`.
    var hidesColumns: Bool { rules["columnPermissions"] != nil }

    private init(
        name: String, title: String, isSignedIn: Bool = false, index: JSON = Articles.byCategory, rules: JSONObject
    ) {
        self.name = name
        self.title = title
        self.isSignedIn = isSignedIn
        self.index = index
        self.rules = rules
    }

    /// The table as `apply` takes it.
    var definition: JSON {
        var definition = rules
        definition["name"] = .string(name)
        definition["indexes"] = [index]
        return .object(definition)
    }

    /// The first one has no rules but that guests may do everything; what the others cost is measured against it.
    static let all = [open, signedIn, byOwner, columns, schema]

    private static let everything: JSON = ["create": true, "read": true, "list": true, "update": true]

    private static let open = RuledTable(
        name: "mixed", title: "no rules", rules: ["permissions": ["guest": everything]])

    private static let ownOnly: JSONObject = [
        "permissions": [
            "user": ["create": true], "self": ["read": true, "list": true, "update": true, "delete": true],
            "guest": ["create": false, "read": false, "list": false],
        ]
    ]

    /// Each request carries a token, every record read or changed is checked for its owner, lists are narrowed to it.
    private static let signedIn = RuledTable(
        name: "mixed_own", title: "token, roles, `self` lists", isSignedIn: true, rules: ownOnly)

    /// The same with an index that begins with the owner, as lists of this kind want it.
    private static let byOwner = RuledTable(
        name: "mixed_owner", title: "the same, index by owner", isSignedIn: true,
        index: ["name": "by_owner", "fields": ["createdBy": 1, "category": 1, "views": -1]], rules: ownOnly)

    /// Two fields that guests may not read and one that they may not write, and lists narrowed by a rule that every
    /// record keeps.
    private static let columns = RuledTable(
        name: "mixed_columns", title: "columns, row filters",
        rules: [
            "permissions": ["guest": everything],
            "columnPermissions": [
                "isPublished": ["read": "admin", "write": "admin"], "author": ["read": "user | admin"],
            ],
            "rowFilters": [
                ["expression": "guest", "filter": ["views": ["$gte": 0]]],
                ["expression": "role:editor", "filter": ["author.name": "$userId"]],
            ],
        ])

    /// Every field has constraints.
    private static let schema = RuledTable(
        name: "mixed_schema", title: "schema on every field",
        rules: [
            "permissions": ["guest": everything], "additionalProperties": false,
            "schema": [
                "bsonType": "object", "required": ["title", "body", "category", "views"], "properties": fields,
            ],
        ])

    private static let fields: JSON = [
        "title": ["bsonType": "string", "minLength": 1, "maxLength": 200, "pattern": "^Article number [0-9]+$"],
        "body": ["bsonType": "string", "minLength": 1, "maxLength": 10_000],
        "category": ["bsonType": "string", "pattern": "^category[0-9]+$", "maxLength": 40],
        "views": ["bsonType": "int", "minimum": 0, "maximum": 1_000_000, "default": 0],
        "price": ["bsonType": "double", "minimum": 0, "maximum": 100_000],
        "isPublished": ["bsonType": "bool", "default": false],
        "tags": [
            "bsonType": "array",
            "items": ["bsonType": "string", "minLength": 1, "maxLength": 40, "pattern": "^[a-z0-9]+$"],
        ],
        "author": [
            "bsonType": "object", "required": ["name"],
            "properties": [
                "name": ["bsonType": "string", "minLength": 1, "maxLength": 100],
                "city": ["bsonType": "string", "enum": ["Seoul", "Busan", "Daegu", "Incheon"]],
            ],
        ],
    ]
}
