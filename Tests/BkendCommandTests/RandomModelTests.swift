#if Macros
import Bkend
import BkendModelWriter
import BkendTesting
import BkendWire
import Foundation
import SnippetCompiler
import Testing

/// What `bkend generate swift` writes for random schemas: the compiler reads it, and the server judges what its models
/// make of records.
// One portion at a time: each is a compiler.
@Suite(
    .serialized,
    .enabled(if: Snippets.compiler != nil && Snippets.debug != nil, "swiftc and the built modules are needed"))
struct RandomModelTests {
    /// Names that are keywords, members or types of Swift or of Bkend, or need another spelling.
    private static let names = [
        "title", "default", "in", "self", "Self", "init", "Type", "type", "protocol", "Protocol", "field",
        "fieldPrefix",
        "fieldNames", "tableName", "fields", "Fields", "query", "encode", "hash", "hashValue", "rawValue", "CodingKeys",
        "codingKeys", "String", "string", "Int", "Date", "JSON", "json", "Table", "Optional", "Array", "Bool", "Double",
        "Hashable", "Sendable", "Swift", "Bkend", "Foundation", "URL", "a_b", "aB", "a__b", "x1", "X1", "await",
        "async",
        "any", "some", "open", "package", "nil", "true", "super", "class", "func", "operator", "model", "syncState",
        "where",
        "values", "container", "decoder", "encoder", "description", "Error", "Never", "Any", "Field", "Record", "actor",
        "consume", "borrowing", "macro", "items", "itemId", "News", "Void", "Set", "Task",
    ]

    private static let texts = [
        "open", "closed", "in", "self", "Self", "init", "none", "None", "some", "nil", "🙂", "", " ", "1st", "2", "a b",
        "a-b",
        "A_B", "é", "日本", "\"", "\\", "\n", "default", "rawValue", "hashValue", "Type", "allCases", "a\u{0}b",
        "\u{202E}x", "hash",
    ]

    /// A pattern that would end a comment, and a text that matches it.
    private static let pattern = "^[*]/ \"`\n$"
    private static let matching = "*/ \"`\n"

    /// A table of random fields, as the server takes it.
    private static func table(_ index: Int, _ random: inout Numbers) throws -> TableDefinition {
        var schema = object(depth: 3, &random)
        for name in ["id", "createdBy", "createdAt", "updatedAt"] { schema.properties.removeAll { $0.name == name } }
        var table = TableDefinition(name: "table_\(index)")
        table.schema = schema
        // What a server would refuse is no test.
        return try #require(try TableDefinition.tables(["tables": [.object(table.json)]]).first)
    }

    private static func object(depth: Int, _ random: inout Numbers) -> FieldSchema {
        var schema = FieldSchema(.object)
        for name in names.shuffled(using: &random).prefix(Int.random(in: 1...(depth * 6), using: &random)) {
            schema.properties.append(.init(name, field(depth: depth, &random)))
            if Bool.random(using: &random) { schema.required.append(name) }
        }
        return schema
    }

    private static func field(depth: Int, _ random: inout Numbers) -> FieldSchema {
        let kinds: [FieldSchema.Kind?] = [
            .string, .string, .int, .double, .bool, .date, .reference, .array, .array, .object, .object, nil,
        ]
        var schema = FieldSchema(kinds.randomElement(using: &random) ?? nil)
        let hasDefault = Bool.random(using: &random)
        switch schema.kind {
        case .string:
            if Bool.random(using: &random) {
                schema.allowed = texts.shuffled(using: &random).prefix(Int.random(in: 1...8, using: &random)).map {
                    .string($0)
                }
            }
            if schema.allowed == nil, Bool.random(using: &random) { schema.pattern = Self.pattern }
            if hasDefault {
                let text = schema.pattern == nil ? "a\"\\\n\u{301}\u{0}é" : Self.matching
                schema.default = schema.allowed?.randomElement(using: &random) ?? .string(text)
            }
        case .int: if hasDefault { schema.default = .int([0, -1, .max, .min].randomElement(using: &random) ?? 0) }
        case .double:
            if hasDefault {
                schema.default = .double([0, -0.5, 1e300, .leastNonzeroMagnitude].randomElement(using: &random) ?? 0)
            }
        case .bool: if hasDefault { schema.default = .bool(true) }
        case .date: if hasDefault { schema.default = "2025-01-08T09:30:00.000Z" }
        case .reference: schema.table = hasDefault ? "notes" : nil
        case .array:
            if depth > 1, Bool.random(using: &random) { schema.items = [field(depth: depth - 1, &random)] }
            if hasDefault { schema.default = [] }
        case .object where depth > 1: schema = object(depth: depth - 1, &random)
        case .object: if hasDefault { schema.default = [:] }
        case nil: if hasDefault { schema.allowed = ["x", 1, .null] }
        }
        return schema
    }

    /// How many schemas there are, and which is the first; so many are compiled together.
    private static let count = variable("BKEND_GENERATED_MODELS") ?? 25
    private static let first = variable("BKEND_GENERATED_FIRST") ?? 1
    private static let portion = 25

    private static func variable(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    @Test(
        "Models of random schemas with odd names compile, and what they make of a record is valid and the same",
        arguments: stride(from: first, to: first + count, by: portion).map { $0..<min($0 + portion, first + count) })
    func roundTrip(_ numbers: Range<Int>) async throws {
        var tables: [TableDefinition] = []
        var drawn: [[JSONObject]] = []
        for number in numbers {
            var random = Numbers(state: UInt64(number))
            let table = try Self.table(number, &random)
            tables.append(table)
            drawn.append((0..<4).map { _ in Self.record(table.schema, &random) })
        }
        let server = try await TestServer.start(tables: ["tables": .array(tables.map { .object($0.json) })])
        let client = try BkendClient(url: server.url, key: server.secretKey)
        var stored: [(table: TableDefinition, record: JSONObject)] = []
        for (table, records) in zip(tables, drawn) {
            for record in records {
                stored.append((table, try await client.table(table.name).create(record).json))
            }
        }
        let lines = stored.map { "\($0.table.name) \(JSON.object($0.record))\n" }.joined()
        let (output, errors) = try await Snippets.run(Self.program(tables, from: numbers.lowerBound), input: lines)
        for (file, found) in errors.sorted(by: { $0.key < $1.key }) {
            Issue.record("\(file): \(found.prefix(3).joined(separator: "\n"))")
        }
        let answers = output.split(separator: "\n")
        if errors.isEmpty { #expect(answers.count == stored.count, "\(output.suffix(2_000))") }
        for (before, answer) in zip(stored, answers) {
            let name = before.table.name
            guard let encoded = try? JSON(parsing: String(answer)).objectValue else {
                Issue.record("\(name): \(answer); the record was \(JSON.object(before.record))")
                continue
            }
            do {
                let again = try await client.table(name).create(encoded).json
                for difference in Self.differences(before.record, again, before.table.schema) {
                    Issue.record("\(name): \(difference); the model gave \(answer)")
                }
            } catch { Issue.record("\(name): the server refuses what the model encodes: \(error)") }
        }
        await client.shutdown()
        try await server.stop()
    }

    /// A program that reads a table and a record in each line, decodes the record by the table's model, and prints what
    /// the model encodes. Models of all access levels are in it.
    private static func program(_ tables: [TableDefinition], from first: Int) -> [String: String] {
        var sources: [String: String] = [:]
        var cases = ""
        for (index, table) in tables.enumerated() {
            let name = "Model\(first + index)"
            let access = ModelWriter.Access.allCases[(first + index) % 3]
            sources["\(name).swift"] =
                ModelWriter.text([table], access: access, names: [table.name: name])
                    + """

                    func use\(first + index)(_ table: RemoteTable<\(name)>) async throws {
                        _ = try await table.query.count()
                    }

                    """
            cases += "        case \"\(table.name)\": try again(\(name).self, json)\n"
        }
        sources["Main.swift"] = """
            import Bkend

            @main
            struct Main {
                static func main() {
                    while let line = readLine() {
                        let parts = line.split(separator: " ", maxSplits: 1)
                        do { print(try again(String(parts[0]), JSON(parsing: String(parts[1])))) } catch { print(error) }
                    }
                }

                static func again(_ table: String, _ json: JSON) throws -> JSON {
                    switch table {
            \(cases)        default: fatalError("no table \\(table)")
                    }
                }

                static func again<Model: Codable>(_ model: Model.Type, _ json: JSON) throws -> JSON {
                    try JSON(encoding: json.decode(model))
                }
            }
            """
        return sources
    }

    /// A record that the schema takes. A field that isn't required may be left out or null.
    private static func record(_ schema: FieldSchema, _ random: inout Numbers) -> JSONObject {
        var record = JSONObject()
        for property in schema.properties {
            let isRequired = schema.required.contains(property.name)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where !isRequired: break
            case 1 where !isRequired: record[property.name] = .null
            default: record[property.name] = value(property.schema, isRequired: isRequired, &random)
            }
        }
        return record
    }

    private static func value(_ schema: FieldSchema, isRequired: Bool, _ random: inout Numbers) -> JSON {
        if let allowed = schema.allowed {
            return allowed.filter { !isRequired || !$0.isNull }.randomElement(using: &random) ?? .null
        }
        switch schema.kind {
        case .string:
            if schema.pattern != nil { return .string(matching) }
            return .string(texts.randomElement(using: &random) ?? "")
        case .reference: return "677e8a5b1f3c9d2e4b6a8c01"
        case .int: return .int([0, -1, .max, .min, 1 << 53 + 1, 7].randomElement(using: &random) ?? 0)
        case .double:
            let numbers: [JSON] = [0, -0.5, 1e300, .double(.leastNonzeroMagnitude), .double(0.1 + 0.2), 3]
            return numbers.randomElement(using: &random) ?? 0
        case .bool: return .bool(Bool.random(using: &random))
        case .date:
            // From the year 1 to 9999.
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            return .string(Timestamp(clamping: milliseconds).description)
        case .array:
            return .array(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    guard let items = schema.items.first else { return anything(&random) }
                    return value(items, isRequired: items.kind != nil, &random)
                })
        case .object: return .object(schema.properties.isEmpty ? ["k": anything(&random)] : record(schema, &random))
        case nil: return anything(&random)
        }
    }

    private static func anything(_ random: inout Numbers) -> JSON {
        let values: [JSON] = [1, "x", true, 0.5, ["a", .null, ["b": [1, .null]]], ["n": .null, "o": ["p": []]]]
        return values.randomElement(using: &random) ?? .null
    }

    /// What differs between a record as it was stored, and as it is stored when the model has encoded it: null and an
    /// absent field are the same, and a field with a default takes it.
    private static func differences(
        _ before: JSONObject, _ after: JSONObject, _ schema: FieldSchema, at path: String = ""
    ) -> [String] {
        schema.properties.flatMap { property in
            let name = property.name
            let (old, new) = (before[name] ?? .null, after[name] ?? .null)
            if old.isNull, new.isNull || new == property.schema.default { return [String]() }
            return differences(old, new, property.schema, at: path + name)
        }
    }

    private static func differences(_ old: JSON, _ new: JSON, _ schema: FieldSchema, at path: String) -> [String] {
        switch (old, new) {
        case (.object(let old), .object(let new)) where !schema.properties.isEmpty:
            return differences(old, new, schema, at: path + ".")
        case (.array(let olds), .array(let news)) where olds.count == news.count && !schema.items.isEmpty:
            return zip(olds, news).enumerated().flatMap { index, pair in
                differences(pair.0, pair.1, schema.items[0], at: "\(path).\(index)")
            }
        default: return old == new ? [] : ["\(path) was \(old) and is \(new)"]
        }
    }

    /// Random numbers that a seed decides (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
#endif
