import BkendWire

extension OpenAPIDocument {
    /// The schemas, by name.
    var schemas: JSONObject {
        let schema = definition.schema
        var ignored = JSONObject()
        for field in SystemField.allCases {
            ignored[field.rawValue] = ["description": "Passed over: the server sets it."]
        }
        let system: JSONObject = [
            "id": ["type": "string", "pattern": "^[0-9a-f]{24}$"],
            "createdBy": ["type": "string", "description": "The user's id, empty for a guest and for a secret key."],
            "createdAt": Self.storedDate, "updatedAt": Self.storedDate,
        ]
        let names = SystemField.allCases.map { JSON.string($0.rawValue) }
        var record = object(schema, .answer)
        record["properties"] = .object(Self.joined(system, record["properties"]?.objectValue ?? [:]))
        // What a caller may not read is left out, and `select` leaves more out: only these are always there.
        record["required"] = .array(names)
        var new = object(schema, .create)
        new["properties"] = .object(Self.joined(ignored, new["properties"]?.objectValue ?? [:]))
        var changes = object(schema, .change)
        changes["properties"] = .object(Self.joined(ignored, changes["properties"]?.objectValue ?? [:]))
        return [
            "Record": .object(record), "New": .object(new), "Changes": .object(changes),
            "Created": [
                "anyOf": [
                    Self.reference("Record"),
                    [
                        "type": "object", "required": ["items"],
                        "properties": ["items": ["type": "array", "items": Self.reference("Record")]],
                    ],
                ]
            ],
            "Page": [
                "type": "object", "required": ["items", "pagination"],
                "properties": [
                    "items": [
                        "type": "array", "items": Self.reference("Record"),
                        "maxItems": .int(Int64(Query.Page.maximumLimit)),
                    ],
                    "pagination": Self.reference("Pagination"),
                ],
            ],
            "Pagination": Self.pagination, "Done": Self.done, "Error": Self.error, "Filter": filterSchema,
            "Condition": Self.conditionSchema,
        ]
    }

    private static func joined(_ a: JSONObject, _ b: JSONObject) -> JSONObject {
        JSONObject(a.map { ($0.key, $0.value) } + b.map { ($0.key, $0.value) })
    }

    private static let storedDate: JSON = [
        "type": "string", "format": "date-time",
        "pattern": #"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"#,
    ]

    private static let pagination: JSON = {
        let names = ["total", "page", "limit", "totalPages"]
        var properties = JSONObject(names.map { ($0, ["type": "integer", "minimum": 0]) })
        for name in ["hasNext", "hasPrev"] { properties[name] = ["type": "boolean"] }
        return [
            "type": "object", "properties": .object(properties),
            "required": .array((names + ["hasNext", "hasPrev"]).map(JSON.string)),
        ]
    }()

    private static let done: JSON = [
        "type": "object", "required": ["success"],
        "properties": ["success": ["type": "boolean", "enum": [true]]],
    ]

    private static let error: JSON = [
        "type": "object", "required": ["success", "statusCode", "code", "error", "message"],
        "properties": [
            "success": ["type": "boolean", "enum": [false]], "statusCode": ["type": "integer"],
            "code": ["type": "string"], "message": ["type": "string"],
            "error": [
                "type": "object", "required": ["code", "message"],
                "properties": [
                    "code": ["type": "string"], "message": ["type": "string"],
                    "omittedDetails": ["type": "integer", "minimum": 1],
                    "largestLimit": ["type": "integer", "minimum": 1],
                    "details": [
                        "type": "array", "maxItems": .int(Int64(ErrorBody.mostDetails)),
                        "items": [
                            "type": "object", "required": ["field", "rule", "message"],
                            "properties": [
                                "field": ["type": "string"], "rule": ["type": "string"], "message": ["type": "string"],
                            ],
                        ],
                    ],
                ],
            ],
        ],
    ]
}
