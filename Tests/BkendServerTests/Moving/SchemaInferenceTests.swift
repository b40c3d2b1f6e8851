#if Server
import BkendWire
import Testing

@testable import BkendServer

@Suite struct SchemaInferenceTests {
    private static func schema(_ records: JSONObject...) -> JSON? {
        var inference = SchemaInference()
        for record in records { inference.add(record) }
        return inference.definition(name: "a").json["schema"]?["properties"]
    }

    @Test("A type is inferred only where every record agrees; null agrees with all")
    func agreement() {
        #expect(
            Self.schema(["a": 1, "b": "x"], ["a": 2.5, "b": nil], ["c": true])
                == ["a": ["bsonType": "double"], "b": ["bsonType": "string"], "c": ["bsonType": "bool"]])
        #expect(Self.schema(["a": 1], ["a": "1"]) == nil)
        #expect(Self.schema(["a": nil]) == nil)
        #expect(
            Self.schema(["a": [1, "x"]], ["b": [nil, 1]]) == ["a": ["bsonType": "array"], "b": ["bsonType": "array"]])
        #expect(
            Self.schema(["o": ["x": 1, "y": 1]], ["o": ["x": 1, "y": "1"]])
                == ["o": ["bsonType": "object", "properties": ["x": ["bsonType": "double"]]]])
    }

    @Test("A date is inferred only from the stored form, which normalising doesn't change")
    func dates() {
        #expect(Self.schema(["d": "2024-02-12T03:04:05.000Z"]) == ["d": ["bsonType": "date"]])
        #expect(Self.schema(["d": "2024-02-12T03:04:05Z"]) == ["d": ["bsonType": "string"]])
        #expect(Self.schema(["d": "2024-02-12T03:04:05.000Z"], ["d": ""]) == ["d": ["bsonType": "string"]])
    }

    @Test("System fields, and names that a schema can't hold, are left out")
    func names() {
        #expect(Self.schema(["id": "1", "createdAt": "x", "m m": 1, "a": 1]) == ["a": ["bsonType": "double"]])
        #expect(Self.schema(["_id": "1", "é": 1]) == nil)
    }

    @Test("What is inferred takes the records that it was inferred from")
    func takesItself() throws {
        let records: [JSONObject] = [
            ["a": [1, nil], "o": ["p": ["q": ["r": ["s": ["t": ["u": ["v": 1]]]]]]], "n": 9_007_199_254_740_993],
            ["a": [], "o": ["p": nil], "n": -0.0, "d": "2024-02-12T03:04:05.000Z"],
        ]
        var inference = SchemaInference()
        for record in records { inference.add(record) }
        let table = try TableDefinition(.object(inference.definition(name: "a").json))
        for record in records {
            var validator = RecordValidator(fillsDefaults: false, matches: FieldPattern.matches)
            let stored = validator.object(record, table.schema, at: "")
            #expect(validator.failures.isEmpty)
            #expect(stored.description == record.description)
        }
    }
}
#endif
