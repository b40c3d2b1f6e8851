#if Macros
import BkendWire
import Foundation
import Testing

@testable import BkendCommand

/// What `bkend generate swift` writes, read by the compiler.
@Suite(.enabled(if: Snippets.compiler != nil && Snippets.debug != nil, "swiftc and the built modules are needed"))
struct GeneratedModelTests {
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
            if hasDefault { schema.default = schema.allowed?.randomElement(using: &random) ?? "a\"\\\n\u{301}\u{0}é" }
            schema.pattern = Bool.random(using: &random) ? "^*/ \"`\n$" : nil
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

    @Test("Models of random schemas with odd names compile, with each access level")
    func compile() async throws {
        let count = ProcessInfo.processInfo.environment["BKEND_GENERATED_MODELS"].flatMap { Int($0) } ?? 25
        let start = ProcessInfo.processInfo.environment["BKEND_GENERATED_FIRST"].flatMap { Int($0) } ?? 1
        var sources: [String: String] = [:]
        for index in start..<(start + count) {
            var random = Numbers(state: UInt64(index))
            let table = try Self.table(index, &random)
            let access = ModelWriter.Access.allCases[index % 3]
            let name = "Model\(index)"
            sources["\(name).swift"] =
                ModelWriter.text([table], access: access, names: [table.name: name])
                + "\nfunc use\(index)(_ table: RemoteTable<\(name)>) async throws { _ = try await table.query.count() }\n"
        }
        let errors = try await Snippets.check(sources, withLines: true)
        for (file, found) in errors.sorted(by: { $0.key < $1.key }) {
            let lines = (sources[file] ?? "").split(separator: "\n", omittingEmptySubsequences: false)
            let places = found.prefix(3).map { error in
                let line = error.split(separator: ":").first.flatMap { Int($0) } ?? 1
                return "\(error)\n    \(lines.indices.contains(line - 1) ? lines[line - 1] : "")"
            }
            Issue.record("\(file):\n\(places.joined(separator: "\n"))")
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
