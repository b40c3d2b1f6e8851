import BkendWire
import Foundation
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

    @Test("The look at a file tells how far it is: every thousand records, and at the end")
    func progress() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "bkend-look-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        let line = "{\"n\":1}\n"
        try Data(String(repeating: line, count: 2_500).utf8).write(to: URL(fileURLWithPath: file))
        var inference = SchemaInference()
        var told: [(records: Int, bytes: Int, all: Int?)] = []
        try inference.look(at: file, isLines: true) { told.append(($0, $1, $2)) }
        #expect(told.map(\.records) == [1_000, 2_000, 2_500])
        let all = 2_500 * line.utf8.count
        #expect(told.allSatisfy { $0.all == all } && told.last?.bytes == all)
        #expect(told[0].bytes >= 1_000 * (line.utf8.count - 1) && told[0].bytes < told[1].bytes)
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
            let stored = validator.record(record, table.schema)
            #expect(validator.failures.isEmpty)
            #expect(stored.description == record.description)
        }
    }
}
