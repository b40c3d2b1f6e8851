import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

@Suite struct WrappedAnswerTests {
    @Test("A project that asks for it has its answers wrapped as the hosted service had them, errors as ever")
    func wrapped() async throws {
        let server = try await TestServer.start(tables: ["tables": [["name": "t"]]]) {
            $0.wrappedProjects = ["default"]
        }
        let created = try await server.admin.post("/v1/t", ["a": 1])
        let list = try await server.admin.get("/v1/t")
        let missing = try await server.admin.get("/v1/t/none")
        let health = try await server.admin.get("/health")
        try await server.stop()
        #expect(created.json["success"] == true)
        #expect(created.json["data"]?["a"] == 1)
        #expect(list.json.objectValue?.keys == ["success", "data"])
        #expect(list.json["data"]?["items"]?[0] == created.json["data"])
        #expect(missing.code == "data/not-found")
        #expect(health.text == #"{"status":"ok"}"#)
    }

    @Test("Other projects' answers stay as they are")
    func others() async throws {
        let server = try await TestServer.start(tables: ["tables": [["name": "t"]]]) { $0.wrappedProjects = ["shop"] }
        let created = try await server.admin.post("/v1/t", ["a": 1])
        try await server.stop()
        #expect(created.json["a"] == 1)
    }
}
