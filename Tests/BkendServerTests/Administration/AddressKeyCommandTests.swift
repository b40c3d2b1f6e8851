import BkendWire
import Testing

@testable import BkendServer

@Suite struct AddressKeyCommandTests {
    @Test("Rotation reaches a running server: old addresses stay good with overlap, and are refused without")
    func rotation() async throws {
        try await Workplace.with { place in
            let server = try await ServeProcess.start(place.folder)
            let app = TestClient(server.url, key: place.secret)
            let bytes = Array("bytes".utf8)
            let file = try await app.upload("a.txt", bytes, type: "text/plain")
            let address = try await app.post("/v1/files/\(file.id)/download-url", [:]).address
            let put = try await app.presign("b.txt", type: "text/plain")
            #expect(try await app.fetch(address).body == bytes)

            let before = try await place.json(["address-key", "list"])
            let after = try await place.json(["address-key", "rotate"])
            #expect(after.arrayValue?.count == 2 && after[1]?["id"] == before[0]?["id"])
            #expect(try await app.fetch(address).status == 200)
            #expect(try await app.put(put.address, bytes).status == 200)
            let later = try await app.post("/v1/files/\(file.id)/download-url", [:]).address
            #expect(try await place.json(["address-key", "rotate"], "--overlap", "0").arrayValue?.count == 1)
            #expect(try await app.fetch(address).status == 403)
            #expect(try await app.fetch(later).status == 403)
            #expect(try await app.put(put.address, bytes).status == 403)
            let new = try await app.post("/v1/files/\(file.id)/download-url", [:]).address
            #expect(try await app.fetch(new).body == bytes)
            #expect(try await CommandRun.run("address-key", "rotate", place.folder, "--overlap", "1y").status == 64)
            #expect(try await server.end().status == 0)
        }
    }
}
