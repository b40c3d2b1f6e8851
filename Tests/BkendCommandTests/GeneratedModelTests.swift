import Bkend
import BkendModelWriter
import BkendTesting
import BkendWire
import Foundation
import Testing

/// `Generated/Models.swift` is what the command writes for `Generated/tables.json`, compiled into these tests.
@Suite("Generated models")
struct GeneratedModelTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Generated")

    private static func tables() throws -> JSON {
        try JSON(parsing: [UInt8](try Data(contentsOf: folder.appending(path: "tables.json"))))
    }

    @Test("The file is up to date: else run `bkend generate swift --tables … --output …`")
    func upToDate() throws {
        let present = try String(contentsOf: Self.folder.appending(path: "Models.swift"), encoding: .utf8)
        #expect(present == ModelWriter.text(try TableDefinition.tables(try Self.tables())))
    }

    @Test("Records of generated models come back from a server as they were sent")
    func roundTrip() async throws {
        let server = try await TestServer.start(tables: try Self.tables())
        let client = try BkendClient(url: server.url, key: server.secretKey)
        let item = ShoppingList.Item(name: "Milk", unit: .value1Pc, recipeId: "r1")
        let list = ShoppingList(
            name: "Today", date: Date(timeIntervalSince1970: 1_736_328_600), items: [item], checkedItems: 1)
        let made = try await client.table(ShoppingList.self).create(list)
        #expect(made.model == list && made.json["checked_items"] == 1 && made.json["totalItems"] == 0)
        #expect(made.model.items.first?.amount == 1.5 && made.model.items.first?.checked == false)

        var odd = Oddity(day: Date(timeIntervalSince1970: 0))
        odd.string = "text"
        odd.aB2 = "capital"
        odd.selfField = true
        odd.anything = [1, ["x": .null]]
        odd.json = ["k": "v"]
        odd.fields = Oddity.FieldsValue(x: 3)
        odd.dates = [Date(timeIntervalSince1970: 1)]
        let table = client.table(Oddity.self)
        let record = try await table.create(odd)
        #expect(record.model == odd && record.model.state == .open && record.model.default == "a\"b\\c\n\u{1}é")
        #expect(record.json["String"] == "text" && record.json["aB"] == "capital" && record.json["a_b"] == nil)
        #expect(try await table.where { $0.fields.x == 3 && $0.state == .open }.count() == 1)

        await client.shutdown()
        try await server.stop()
    }

    @Test("A value that a later schema has is kept as it is")
    func unknownValue() throws {
        let text = #"{"state": "later", "day": "2025-01-08T09:30:00.000Z"}"#
        let odd = try JSON(parsing: text).decode(Oddity.self)
        #expect(odd.state.rawValue == "later")
        #expect(try JSON(encoding: odd)["state"] == "later")
    }

    @Test("The command writes from a file or a server, checks, and names what is missing")
    func command() async throws {
        try await CommandTests.Desk.run { desk in
            let file = Self.folder.appending(path: "tables.json").path
            let models = Self.folder.appending(path: "Models.swift").path
            #expect(
                try await desk.bkend("generate", "swift", "--tables", file, "--output", models, "--check").status == 0)
            let one = try await desk.bkend("generate", "swift", "oddities", "--tables", file)
            #expect(one.output.contains("struct Oddity:") && !one.output.contains("ShoppingList"))
            #expect(try await desk.bkend("generate", "swift", "nothing", "--tables", file).status == 66)

            let output = desk.server.folder + "/Models.swift"
            let environment = ["BKEND_KEY": desk.server.secretKey]
            func generate(_ more: String...) async throws -> CommandTests.Run {
                try await desk.bkend(
                    ["generate", "swift", "articles", "--output", output] + more, environment: environment)
            }
            let stale = try await generate("--check")
            #expect(stale.status == 1 && stale.errors.contains("isn't up to date"), "\(stale)")
            #expect(try await generate().status == 0)
            #expect(try await generate("--check").status == 0)
            let written = try String(contentsOfFile: output, encoding: .utf8)
            #expect(written.contains("struct Article: Hashable {\n    var title: String\n    var views = 0\n"))
            #expect(try await generate("--access", "secret").status == 64)
            #expect(try await generate("--name", "articles=String").status == 64)
            #expect(try await desk.bkend("generate", "swift").status == 64)
        }
    }

    @Test("A data folder is a source while its server runs, and is only read")
    func dataFolder() async throws {
        try await CommandTests.Desk.run { desk in
            func generate(_ more: String...) async throws -> CommandTests.Run {
                try await desk.bkend(["generate", "swift", "--data", desk.server.folder] + more)
            }
            func files() throws -> [String: Date] {
                let folder = URL(filePath: desk.server.folder)
                let keys: [URLResourceKey] = [.contentModificationDateKey]
                let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys)
                return try (found?.allObjects as? [URL] ?? []).filter { !$0.path.contains("/home") }.reduce(into: [:]) {
                    // A reader marks its place in the index of the log.
                    if !$1.path.hasSuffix("-shm") {
                        $0[$1.path] = try $1.resourceValues(forKeys: Set(keys)).contentModificationDate
                    }
                }
            }
            let before = try files()
            let all = try await generate()
            #expect(all.status == 0 && all.output.contains("struct Article: Hashable {"), "\(all)")
            #expect(try await generate("articles", "--project", "default", "--env", "dev").output == all.output)
            #expect(try files() == before)

            let noTable = try await generate("nothing")
            #expect(noTable.status == 66 && noTable.errors.contains("environment default/dev of"), "\(noTable)")
            let noEnvironment = try await generate("--env", "prod")
            #expect(
                noEnvironment.status == 66 && noEnvironment.errors.contains("it has default/dev"), "\(noEnvironment)")
            let noFolder = try await desk.bkend("generate", "swift", "--data", desk.home + "/none")
            #expect(noFolder.status == 66 && noFolder.errors.contains("no bkend data folder"), "\(noFolder)")
            #expect(try await generate("--tables", "t.json").status == 64)
            #expect(try await desk.bkend("generate", "swift", "articles", "--env", "dev").status == 64)
        }
    }
}
