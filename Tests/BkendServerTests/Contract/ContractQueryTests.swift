import BkendWire
import Testing

@testable import BkendServer

/// rest-api.md §4, §5, row by row, over the records of `shelf` below.
@Suite struct ContractQueryTests {
    private static let shelf: JSON = [
        ["t": "a", "n": 1, "s": "Straße", "tags": ["x", "y"], "o": ["p": 1, "q": 2]],
        ["t": "b", "n": 2.5, "s": "apple", "tags": [], "o": ["q": 2, "p": 1]],
        ["t": "c", "n": nil, "s": "Apple pie", "tags": "x"], ["t": "d", "n": "1", "b": true],
        ["t": "e", "n": [5, 0], "b": false, "in": [["p": 7], ["p": 8]]],
    ]

    private static func rows(_ rows: [ContractRow]) async throws {
        let fill = ContractRow("The records are stored") { world in
            try await world.admin.post("/v1/data/shelf", shelf).status == 201
        }
        try await ContractRow.check([fill] + rows)
    }

    private static func list(_ world: ContractWorld, _ parameters: (String, String)...) async throws -> Answer {
        try await world.admin.list("/v1/data/shelf", parameters)
    }

    @Test("§4 List") func section4() async throws { try await Self.rows(Self.lists) }

    @Test("§5 Filters") func section5() async throws { try await Self.rows(Self.filters) }

    static let lists: [ContractRow] = [
        ContractRow("Defaults: page 1, limit 20, by id descending") { world in
            let answer = try await world.admin.get("/v1/data/shelf")
            return answer.items.map { $0["t"] } == ["e", "d", "c", "b", "a"]
                && answer.json["pagination"] == [
                    "total": 5, "page": 1, "limit": 20, "totalPages": 1, "hasNext": false, "hasPrev": false,
                ]
        },
        ContractRow("page and limit") { world in
            let answer = try await list(world, ("page", "2"), ("limit", "2"))
            return answer.items.map { $0["t"] } == ["c", "b"]
                && answer.json["pagination"] == [
                    "total": 5, "page": 2, "limit": 2, "totalPages": 3, "hasNext": true, "hasPrev": true,
                ]
        },
        ContractRow("A limit above 100 counts as 100") { world in
            try await list(world, ("limit", "200")).json["pagination"]?["limit"] == 100
        },
        ContractRow("A limit below 1 is 400") { world in try await list(world, ("limit", "0")).fields == ["limit"] },
        ContractRow("A page below 1 is 400") { world in try await list(world, ("page", "0")).fields == ["page"] },
        ContractRow("offset instead of page") { world in
            try await list(world, ("offset", "3"), ("limit", "5")).items.map { $0["t"] } == ["b", "a"]
        },
        ContractRow("sortBy any field; null and missing < numbers < strings < arrays by their least") { world in
            try await list(world, ("sortBy", "n"), ("sortDirection", "asc")).items.map { $0["t"] }
                == ["c", "e", "a", "b", "d"]
        },
        ContractRow("Descending, an array counts by its greatest") { world in
            try await list(world, ("sortBy", "n"), ("sortDirection", "desc")).items.map { $0["t"] }
                == ["d", "e", "b", "a", "c"]
        },
        ContractRow("Booleans come after all else; ties break by id in the same direction") { world in
            try await list(world, ("sortBy", "b"), ("sortDirection", "asc")).items.map { $0["t"] }
                == ["a", "b", "c", "e", "d"]
        },
        ContractRow("sortBy takes dotted paths") { world in
            try await list(world, ("sortBy", "in.p"), ("sortDirection", "desc")).items.first?["t"] == "e"
        },
        ContractRow("sortDirection is asc or desc") { world in
            try await list(world, ("sortDirection", "up")).fields == ["sortDirection"]
        },
        ContractRow("search: a part of any top-level string, whatever its case") { world in
            try await world.titles(("search", "APPLE")) == ["b", "c"]
        },
        ContractRow("search folds as Unicode does") { world in try await world.titles(("search", "STRASSE")) == ["a"] },
        ContractRow("searchType names the one field") { world in
            try await world.titles(("search", "a"), ("searchType", "t")) == ["a"]
        },
        ContractRow("andFilters and orFilters together: both parts must hold") { world in
            try await world.titles(("andFilters", #"{"tags":"x"}"#), ("orFilters", #"{"t":"c","n":2.5}"#)) == ["c"]
        },
        ContractRow("orFilters alone: one of them") { world in
            try await world.titles(("orFilters", #"{"t":"c","n":2.5}"#)) == ["b", "c"]
        },
        ContractRow("select: those fields, and the system fields always") { world in
            try await list(world, ("select", "t"), ("limit", "1")).items[0].objectValue?.keys
                == ["id", "t", "createdBy", "createdAt", "updatedAt"]
        },
        ContractRow("fields is select") { world in
            try await list(world, ("fields", "t"), ("limit", "1")).items[0]["b"] == nil
        },
        ContractRow("Bracket form: equality on the text, or on what the schema says") { world in
            let text = try await world.titles(("andFilters[n]", "1"))
            let number = try await world.admin.list("/v1/articles", [("andFilters[views]", "1")])
            return text == ["d"] && number.items.count == 1
        },
        ContractRow("Malformed JSON is 400 that names the parameter") { world in
            try await list(world, ("andFilters", "{")).fields == ["andFilters"]
        },
        ContractRow("An unknown operator is 400 that names the place") { world in
            try await list(world, ("orFilters", #"{"n":{"$near":1}}"#)).fields == ["orFilters.n.$near"]
        },
        ContractRow("A bad type for an operator is 400") { world in
            try await list(world, ("andFilters", #"{"n":{"$in":1}}"#)).fields == ["andFilters.n.$in"]
        },
        ContractRow("A field name that starts with $ is 400") { world in
            try await list(world, ("andFilters", #"{"$n":1}"#)).code == "data/validation-error"
        },
    ]

    static let filters: [ContractRow] = [
        ContractRow("{field: value} is $eq") { world in try await world.filtered(#"{"n":1}"#) == ["a"] },
        ContractRow("$eq") { world in try await world.filtered(#"{"n":{"$eq":2.5}}"#) == ["b"] },
        ContractRow("$ne matches where the field is missing") { world in
            try await world.filtered(#"{"b":{"$ne":true}}"#) == ["a", "b", "c", "e"]
        },
        ContractRow("$gt compares within one type") { world in
            try await world.filtered(#"{"n":{"$gt":0}}"#) == ["a", "b", "e"]
        },
        ContractRow("$gte") { world in try await world.filtered(#"{"n":{"$gte":2.5}}"#) == ["b", "e"] },
        ContractRow("$lt") { world in try await world.filtered(#"{"n":{"$lt":1}}"#) == ["e"] },
        ContractRow("$lte") { world in try await world.filtered(#"{"n":{"$lte":"1"}}"#) == ["d"] },
        ContractRow("$in may hold null, which matches null and missing") { world in
            try await world.filtered(#"{"n":{"$in":[null,1]}}"#) == ["a", "c"]
        },
        ContractRow("$nin matches where the field is missing") { world in
            try await world.filtered(#"{"b":{"$nin":[true]}}"#) == ["a", "b", "c", "e"]
        },
        ContractRow("$regex with $options") { world in
            try await world.filtered(#"{"s":{"$regex":"^APPLE","$options":"i"}}"#) == ["b", "c"]
        },
        ContractRow("$regex is PCRE") { world in try await world.filtered(#"{"s":{"$regex":"(?<=p)le$"}}"#) == ["b"] },
        ContractRow("$exists") { world in try await world.filtered(#"{"b":{"$exists":true}}"#) == ["d", "e"] },
        ContractRow("$exists: null counts as there") { world in
            try await world.filtered(#"{"n":{"$exists":false}}"#) == []
        },
        ContractRow("$contains in a string, whatever its case") { world in
            try await world.filtered(#"{"s":{"$contains":"PIE"}}"#) == ["c"]
        },
        ContractRow("$contains as an element of an array") { world in
            try await world.filtered(#"{"tags":{"$contains":"y"}}"#) == ["a"]
        },
        ContractRow("Several operators on one field are ANDed") { world in
            try await world.filtered(#"{"n":{"$gt":1,"$lt":3}}"#) == ["b", "e"]
        },
        ContractRow("Dotted paths reach into objects") { world in
            try await world.filtered(#"{"o.p":1}"#) == ["a", "b"]
        },
        ContractRow("Dotted paths reach into arrays") { world in try await world.filtered(#"{"in.p":8}"#) == ["e"] },
        ContractRow("A value matches an array if any element does") { world in
            try await world.filtered(#"{"tags":"x"}"#) == ["a", "c"]
        },
        ContractRow("Or if the whole array equals it") { world in
            try await world.filtered(#"{"tags":["x","y"]}"#) == ["a"]
        },
        ContractRow("$eq null matches null and missing") { world in
            try await world.filtered(#"{"s":null}"#) == ["d", "e"]
        },
        ContractRow("Equality of objects is by exact key order") { world in
            try await world.filtered(#"{"o":{"p":1,"q":2}}"#) == ["a"]
        },
        ContractRow("Dates are compared in their stored form") { world in
            let answer = try await world.admin.list(
                "/v1/articles", [("andFilters", #"{"createdAt":"2026-01-01T00:00:00Z"}"#)])
            return answer.items.count == 1
        },
    ]
}
