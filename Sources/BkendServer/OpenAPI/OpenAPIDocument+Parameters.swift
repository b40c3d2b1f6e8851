import BkendWire

extension OpenAPIDocument {
    /// The parameters, by name.
    var parameters: JSON {
        let query = QueryLimits()
        let path: JSON = ["type": "string", "pattern": .string("^\(Self.pathParts)$")]
        let number = { (least: Int, usual: Int?) -> JSON in
            var out: JSONObject = [
                "type": "integer", "format": "int64", "minimum": .int(Int64(least)), "maximum": .int(.max),
            ]
            out["default"] = usual.map { .int(Int64($0)) }
            return .object(out)
        }
        return [
            "id": [
                "name": "id", "in": "path", "required": true, "description": "The record's id.",
                "schema": ["type": "string", "pattern": "^[0-9a-f]{24}$"],
            ],
            "requestId": [
                "name": "X-Request-Id", "in": "header",
                "description": "An id for the request, which the answer repeats. One of another form is passed over.",
                "schema": ["type": "string"],
            ],
            "page": Self.parameter("page", "The page, from 1.", number(1, 1)),
            "limit": Self.parameter(
                "limit", "Records a page; more than \(Query.Page.maximumLimit), however much, counts as that.",
                ["type": "integer", "minimum": 1, "default": .int(Int64(Query.Page.defaultLimit))]),
            "offset": Self.parameter("offset", "Rows to skip, in place of `page`.", number(0, nil)),
            "sortBy": Self.parameter("sortBy", "A field, also a dotted path; ties break by id. Default id.", path),
            "sortDirection": Self.parameter(
                "sortDirection", "The order's direction.",
                ["type": "string", "enum": ["asc", "desc"], "default": "desc"]),
            "search": Self.parameter(
                "search",
                "A part of a text field, whatever its case; at most \(query.searchLength) bytes in UTF-8.",
                ["type": "string", "maxLength": .int(Int64(query.searchLength))]),
            "searchType": Self.parameter(
                "searchType", "The only field that `search` looks at; empty counts as not given.",
                ["type": "string", "pattern": .string("^(\(Self.pathParts))?$")]),
            "andFilters": filterParameter("andFilters", "Conditions that must all hold."),
            "orFilters": filterParameter("orFilters", "Conditions of which one must hold."),
            "select": Self.parameter("select", "Fields to answer, separated by commas.", Self.fieldList),
            "fields": Self.parameter("fields", "The same as select.", Self.fieldList),
        ]
    }

    private static func parameter(_ name: String, _ description: String, _ schema: JSON) -> JSON {
        ["name": .string(name), "in": "query", "description": .string(description), "schema": schema]
    }

    /// `FieldPath`'s rule: at most 32 parts, none empty, none with a leading `$` or with U+0000.
    private static let pathParts = #"[^.$\u0000][^.\u0000]*(\.[^.$\u0000][^.\u0000]*){0,31}"#

    /// Paths between commas, with spaces around them; empty ones are passed over.
    private static let fieldList: JSON = [
        "type": "string", "pattern": .string("^ *(\(listedPath))?( *, *(\(listedPath))?)* *$"),
    ]

    private static let listedPath = #"[^.$,\u0000 ][^.,\u0000]*(\.[^.$,\u0000][^.,\u0000]*){0,31}"#

    private func filterParameter(_ name: String, _ description: String) -> JSON {
        let query = QueryLimits()
        let more =
            " A JSON object of fields, each with a value or an object of operators; \(query.conditions) conditions at most"
            + ". The form \(name)[field]=value is taken as well."
        return [
            "name": .string(name), "in": "query", "description": .string(description + more),
            "content": ["application/json": ["schema": Self.reference("Filter")]],
        ]
    }

    /// A filter: a condition for each field.
    var filterSchema: JSON {
        var properties = JSONObject()
        for field in SystemField.allCases { properties[field.rawValue] = Self.reference("Condition") }
        for property in definition.schema.properties { properties[property.name] = Self.reference("Condition") }
        return [
            "type": "object", "properties": .object(properties),
            "additionalProperties": Self.reference("Condition"),
        ]
    }

    /// A condition: a value, or operators. `$regex` is a PCRE2 pattern.
    static let conditionSchema: JSON = {
        let value: JSON = [
            "anyOf": [
                ["type": "string"], ["type": "number"], ["type": "boolean", "nullable": true],
                ["type": "array", "items": ["type": "string"]],
            ]
        ]
        let list: JSON = [
            "type": "array", "items": value, "maxItems": .int(Int64(QueryLimits().listLength)),
        ]
        let operators: JSONObject = [
            "$eq": value, "$ne": value, "$gt": value, "$gte": value, "$lt": value, "$lte": value, "$in": list,
            "$nin": list, "$contains": value, "$exists": ["type": "boolean"],
            "$regex": [
                "type": "string", "format": "pcre2", "maxLength": .int(Int64(QueryLimits().patternLength)),
            ],
        ]
        return [
            "anyOf": .array(
                (value["anyOf"]?.arrayValue ?? []) + [
                    [
                        "type": "object", "properties": .object(operators), "additionalProperties": false,
                        "minProperties": 1,
                    ]
                ])
        ]
    }()
}
