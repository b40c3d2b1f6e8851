import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// A disk that is really full, which only root can make: elsewhere these tests are skipped.
@Suite(.enabled(if: TinyDisk.canMount, "needs the right to mount"))
struct FullDiskTests {
    @Test("A server that is started on a full disk answers reads, and takes a delete or leaves everything as it was")
    func restart() async throws {
        try await TinyDisk.with(megabytes: 6) { disk in
            let folder = disk + "/data"
            let first = try await TestServer.start(folder: folder, tables: ["tables": [["name": "t"]]])
            let client = TestClient(first.url, key: first.secretKey)
            var ids: [String] = []
            for number in 0..<20 { ids.append(try await client.post("/v1/t", ["n": .int(Int64(number))]).answeredID) }
            try await first.stop()
            try TinyDisk.fill(disk)
            let again = try await TestServer.start(folder: folder)
            let later = TestClient(again.url, key: first.secretKey)
            #expect(try await later.get("/v1/t/\(ids[3])").status == 200)
            let list = try await later.get("/v1/t?limit=100")
            #expect(list.status == 200)
            #expect(list.items.count == 20)
            #expect(try await later.list("/v1/t", [("andFilters", #"{"id":{"$regex":"."}}"#)]).items.count == 20)
            #expect(try await later.get("/v1/users").status == 200)
            // A write that needs room says so, again and again.
            let text = JSON.string(String(repeating: "a", count: 200_000))
            for _ in 0..<2 {
                let answer = try await later.post("/v1/t", ["s": text])
                #expect(answer.status == 507)
                #expect(answer.code == "common/insufficient-storage")
            }
            var left = 20
            for id in ids.prefix(5) {
                let status = try await later.delete("/v1/t/\(id)").status
                #expect(status == 200 || status == 507)
                if status == 200 { left -= 1 }
                #expect(try await later.get("/v1/t/\(id)").status == (status == 200 ? 404 : 200))
            }
            #expect(try await later.get("/v1/t?limit=100").items.count == left)
            try TinyDisk.makeRoom(disk)
            #expect(try await later.post("/v1/t", ["s": text]).status == 201)
            try await again.stop()
        }
    }
}

/// A file system of a few megabytes, in memory.
enum TinyDisk {
    static let canMount: Bool = {
        guard geteuid() == 0 else { return false }
        let path = FileManager.default.temporaryDirectory.appending(path: "bkend-mount-\(UUID().uuidString)").path
        mkdir(path, 0o700)
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount(path) == 0
    }()

    static func with(megabytes: Int, _ body: (String) async throws -> Void) async throws {
        try await withFolder { path in
            mkdir(path, 0o700)
            try #require(mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=0700") == 0)
            // Whatever still has a file open keeps it until it closes.
            defer { umount2(path, Int32(MNT_DETACH)) }
            try await body(path)
        }
    }

    /// Takes every byte that is left.
    static func fill(_ disk: String) throws {
        let descriptor = open(disk + "/rest", O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        for size in [65_536, 4_096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
    }

    static func makeRoom(_ disk: String) throws { try #require(unlink(disk + "/rest") == 0) }
}

extension Answer {
    /// The id of what was created.
    fileprivate var answeredID: String { get throws { try #require(json["id"]?.stringValue) } }
}
