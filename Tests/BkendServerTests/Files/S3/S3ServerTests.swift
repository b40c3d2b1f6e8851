import BkendTesting
import BkendWire
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// Whole servers whose files are in a bucket.
extension S3Tests {
    /// The tests of files in the folder, over the bucket.
    @Suite struct S3ContractTests {
        private func inBucket(_ body: () async throws -> Void) async throws {
            let service = try S3Service.shared()
            try await service.fail([])
            try await FilesInS3.$service.withValue(service) { try await body() }
        }

        @Test("The contract of files") func contract() async throws {
            try await inBucket {
                let tests = FileContractTests()
                try await tests.uploading()
                try await tests.records()
                try await tests.visibility()
                try await tests.downloads()
            }
        }

        @Test("Files in parts") func parts() async throws {
            try await inBucket {
                let tests = FilePartTests()
                try await tests.whole()
                try await tests.lists()
            }
        }

        @Test("Ranges and headers") func serving() async throws {
            try await inBucket {
                let tests = FileServingTests()
                try await tests.headers()
                try await tests.conditional()
                try await tests.ranges(range: "bytes=100-199999", part: 100..<200_000)
                try await tests.ranges(range: "bytes=-1", part: 199_999..<200_000)
                try await tests.oddRanges()
                try await tests.decidesAnew()
                try await tests.download()
            }
        }
    }

    @Suite struct S3ServerTests {
        private static let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

        /// A data folder, its keys, and the options that put its files into a bucket.
        private struct Place {
            let service: S3Service
            let folder: String
            let secretKey: String
            let prefix: String
            let options: [String]

            /// The options without the bucket: what a remembering folder needs to be reached.
            func serve(_ more: [String]? = nil) async throws -> ServeProcess {
                try await ServeProcess.start(folder, ["--rate-limit", "off"] + (more ?? options))
            }

            func client(_ server: ServeProcess) -> TestClient { TestClient(server.url, key: secretKey) }

            func names() async throws -> [String] {
                let root = prefix + "/default/dev/"
                let client = try service.client(prefix, in: folder + "/..")
                var names: [String] = []
                try await client.list(root) { names += $0.entries.map(\.name) }
                return names
            }

            func findings() async throws -> [FolderFinding] {
                let found = Mutex<[FolderFinding]>([])
                let report: FolderCheck.Report = { finding in found.withLock { $0.append(finding) } }
                _ = try FolderCheck(folder, report: report).run()
                try await BucketCheck(folder, youth: -60_000, report: report)?.run()
                return found.withLock { $0 }
            }
        }

        /// The files that were answered 201, by id, with the byte that fills them and their size.
        private final class Promised: Sendable {
            let files = Mutex<[String: (byte: UInt8, count: Int)]>([:])
            var count: Int { files.withLock { $0.count } }
        }

        private func withPlace(_ body: (Place) async throws -> Void) async throws {
            try await withFolder { outer in
                try FileManager.default.createDirectory(atPath: outer, withIntermediateDirectories: true)
                let service = try S3Service.shared()
                try await service.fail([])
                let folder = outer + "/data"
                let keys = try CommandTests.keys(try await CommandRun.run("init", folder))
                let prefix = S3Service.prefix()
                let options = [
                    "--files", "s3://\(S3Service.bucket)/\(prefix)", "--s3-endpoint", service.url, "--s3-credentials",
                    try service.credentials(in: outer),
                ]
                try await body(
                    Place(
                        service: service, folder: folder, secretKey: keys.secret, prefix: prefix, options: options))
                try await service.fail([])
            }
        }

        @Test("serve keeps files in the bucket, remembers it, and refuses another one")
        func remembering() async throws {
            try await withPlace { place in
                var server = try await place.serve()
                let file = try await place.client(server).upload("a.bin", Self.bytes, type: "a/b")
                #expect(file.status == 201)
                #expect(try await server.end().status == 0)
                let names = try await place.names()
                #expect(names.count == 1 && objectFiles(place.folder).isEmpty)
                #expect(FileStatus(place.folder + "/file-storage.json")?.mode == 0o600)
                // Without the option: the folder knows.
                server = try await place.serve([])
                let got = try await place.client(server).get("/v1/files/\(file.id)/download")
                #expect(got.status == 200 && got.body == Self.bytes)
                #expect(try await server.end().status == 0)
                for other in ["s3://app-files/production/other", "s3://other-bucket/\(place.prefix)"] {
                    let run = try await CommandRun.run("serve", place.folder, "--port", "0", "--files", other)
                    #expect(run.status == 1 && run.errors.contains("this folder's files are in s3://"), "\(run.errors)")
                }
            }
        }

        @Test("serve says what fails: the keys, the bucket, the policy, the service")
        func proving() async throws {
            try await withPlace { place in
                func fails(_ text: String, _ replaced: [String: String]) async throws {
                    var options = place.options
                    for (name, value) in replaced {
                        if let index = options.firstIndex(of: name) { options[index + 1] = value }
                    }
                    let run = try await CommandRun.run(["serve", place.folder, "--port", "0"] + options)
                    #expect(run.status == 1 && run.errors.contains(text), "\(text): \(run.errors)")
                    #expect(!run.errors.contains(place.service.secretKey))
                    #expect(FileStatus(place.folder + "/file-storage.json") == nil)
                }
                let wrong = try place.service.credentials(
                    in: place.folder, secretKey: "wrong" + place.service.secretKey)
                try await fails("can't write to s3://app-files/", ["--s3-credentials": wrong])
                try await fails("SignatureDoesNotMatch", ["--s3-credentials": wrong])
                try await fails("AccessDenied", ["--files": "s3://app-files/elsewhere"])
                try await fails("s3://no-such-bucket/", ["--files": "s3://no-such-bucket/\(place.prefix)"])
                try await fails("check --s3-endpoint", ["--s3-endpoint": "http://127.0.0.1:1"])
                try await fails("plain http", ["--s3-endpoint": "http://s3.example.com"])
                try await fails("is not a file", ["--s3-credentials": "/nowhere"])
            }
        }

        @Test("A prefix is one folder's: another one is refused, until it takes its place")
        func owning() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                #expect(try await place.client(server).upload("a.bin", [1, 2, 3], type: "a/b").status == 201)
                #expect(try await server.end().status == 0)
                let archive = place.folder + ".tar"
                let backup = try await CommandRun.run("backup", place.folder, archive)
                #expect(backup.status == 0 && backup.errors.contains("the bytes of files are in s3://app-files/"))
                let restored = place.folder + ".restored"
                try await unpack(archive, to: restored)
                let run = try await CommandRun.run("serve", restored, "--port", "0")
                #expect(run.status == 1 && run.errors.contains("--s3-take-over"), "\(run.errors)")
                let second = try await ServeProcess.start(restored, "--s3-take-over")
                let list = try await TestClient(second.url, key: place.secretKey).get("/v1/files")
                let id = list.items.first?["id"]?.stringValue ?? ""
                #expect(
                    try await TestClient(second.url, key: place.secretKey).get("/v1/files/\(id)/download").body == [
                        1, 2, 3,
                    ])
                #expect(try await second.end().status == 0)
                // Now the first one has no right to it any more.
                let first = try await CommandRun.run("serve", place.folder, "--port", "0")
                #expect(first.status == 1 && first.errors.contains("another data folder"), "\(first.errors)")
                #expect(try await CommandRun.run("check", restored).status == 0)
            }
        }

        @Test("A folder with files on its own disk isn't served from a bucket")
        func localFiles() async throws {
            try await withPlace { place in
                let server = try await place.serve([])
                #expect(try await place.client(server).upload("a.bin", [1], type: "a/b").status == 201)
                #expect(try await server.end().status == 0)
                let run = try await CommandRun.run(["serve", place.folder, "--port", "0"] + place.options)
                #expect(run.status == 1 && run.errors.contains("has files on its own disk"), "\(run.errors)")
            }
        }

        @Test("check finds rows without bytes, bytes without a row, and other sizes")
        func checking() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                for count in 1...3 {
                    let file = try await place.client(server).upload(
                        "a.bin", [UInt8](repeating: 1, count: count), type: "a/b")
                    #expect(file.status == 201)
                }
                #expect(try await server.end().status == 0)
                #expect(try await place.findings() == [])
                let client = try place.service.client(place.prefix, in: place.folder)
                let root = place.prefix + "/default/dev/"
                let names = try await place.names()
                let stray = String(repeating: "f", count: 32)
                try await client.delete(root + names[0])
                try await client.put(root + names[1], [UInt8](repeating: 1, count: 9))
                try await client.put(root + stray, [1])
                let found = try await place.findings().filter { $0.kind == .object }
                #expect(found.map(\.file) == [names[0], names[1], stray].map { "s3://app-files/\(root)\($0)" })
                #expect(found.first?.message == "a row names these bytes, and they aren't there")
                #expect(found.dropFirst().first?.message.hasPrefix("it has 9 bytes, and its row says") == true)
                #expect(found.last?.message.hasPrefix("no row names these bytes") == true)
                #expect(try await CommandRun.run("check", place.folder).status == 1)
            }
        }

        @Test("While the service is down uploads and downloads are 503, records go on, and nothing is left")
        func down() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                let client = place.client(server)
                let file = try await client.upload("a.bin", Self.bytes, type: "a/b")
                func fault(_ method: String) -> JSONObject {
                    [
                        "method": .string(method), "count": 99, "status": 503, "code": "SlowDown",
                        "path": .string(place.prefix),
                    ]
                }
                try await place.service.fail([fault("GET"), fault("PUT")])
                let get = try await client.get("/v1/files/\(file.id)/download")
                #expect(get.status == 503 && get.code == "common/service-unavailable")
                #expect(get.headers["retry-after"] == "5" && !get.text.contains("SlowDown"))
                let small = try await client.stored("b.bin", [1, 2, 3], type: "a/b")
                #expect(small.put.status == 503)
                #expect(try await client.get("/v1/files/\(file.id)").status == 200)
                try await place.service.fail([
                    ["method": "PUT", "count": 9, "status": 507, "code": "XMinioStorageFull"]
                ])
                #expect(try await client.put(small.address, [1, 2, 3]).status == 507)
                try await place.service.fail([])
                // The same address again, once it is up.
                #expect(try await client.put(small.address, [1, 2, 3]).status == 200)
                #expect(try await client.register(small, "b.bin", type: "a/b", size: 3).status == 201)
                #expect(try await place.names().count == 2)
                #expect(try await place.findings() == [])
                #expect(try await server.end().status == 0)
            }
        }

        @Test("A client that breaks off in the middle, or names a wrong digest, leaves no object")
        func brokenOff() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                let client = place.client(server)
                let address = try await client.presign("a.bin", type: "a/b").address
                let request = client.request("PUT", address, body: Self.bytes, type: "a/b")
                try await blocking {
                    let connection = try RawConnection(port: client.port)
                    try connection.send(Array(request.prefix(1_500_000)))
                }
                let wrong = try await client.put(
                    address, Self.bytes, ["Content-Digest": "sha-256=:\(Data(count: 32).base64EncodedString()):"])
                #expect(wrong.status == 400 && wrong.code == "file/digest-mismatch")
                #expect(try await client.put(address, Self.bytes).status == 200)
                #expect(try await server.end().status == 0)
                #expect(try await place.names().count == 1)
                #expect(try await place.findings() == [])
            }
        }

        @Test("Bytes of a deleted file stay for a week: a database of this week finds them")
        func retention() async throws {
            try await RecordStore.with { store in
                let service = try S3Service.shared()
                try await service.fail([])
                let clock = TestClock(Timestamp.systemNow.description)
                let name = try EnvironmentName(project: "default", environment: "dev")
                try store.store.engine.prepareFiles()
                let prefix = S3Service.prefix() + "/"
                let client = try service.client(prefix, in: store.folder)
                let files = EnvironmentFiles(
                    of: name, in: store.store,
                    objects: try S3Storage(client, at: prefix, folder: store.folder + "/objects"),
                    keys: try AddressKeys(in: store.folder, now: clock.now),
                    settings: FileSettings(
                        fileBytes: 1_000, queryLimit: .seconds(10), logger: LogLines().logger(.error)),
                    now: { clock.now })
                // Not beside the test: it tidies when it wants to.
                files.upkeep.run(now: Timestamp(clamping: clock.now.milliseconds + 3_600_000)) {}
                let asker = FileCaller(caller: .secretKey, keyMark: "00", base: "http://x")
                let presigned = try await files.presign(["filename": "a.png", "contentType": "image/png"], asker)
                let key = try #require(FileKey(presigned["key"]?.stringValue ?? ""))
                let claims = FileAddress.Claims(purpose: .put, expiresAt: 0, keyMark: "00")
                let intake = try #require(try await files.intake(for: key, claims, length: 5))
                try await intake.write(.init(string: "bytes"))
                let content = try await files.finish(intake, digest: nil)
                let file = try await files.complete(presigned["fileId"]?.stringValue ?? "", .secretKey).file
                try await files.delete(file.id, .secretKey)
                clock.advance(seconds: 6 * 86_400)
                await files.tidy()
                #expect(try await client.find(prefix + content.name)?.bytes == 5)
                clock.advance(seconds: 2 * 86_400)
                await files.tidy()
                #expect(try await client.find(prefix + content.name)?.bytes == nil)
                await files.upkeep.drained()
            }
        }

        @Test("A backup made while clients upload and delete finds each file that was there before it in the bucket")
        func backupUnderLoad() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                let load = FileLoad(place.client(server))
                let archive = place.folder + ".tar"
                var expected: [String: FileLoad.File] = [:]
                try await load.during { expected = try await load.promised(around: place.folder, archive) }
                #expect(try await server.end().status == 0)
                #expect(load.refusals == [])
                let restored = archive + ".restored"
                try await unpack(archive, to: restored)
                let found = Mutex<[FolderFinding]>([])
                let report: FolderCheck.Report = { finding in found.withLock { $0.append(finding) } }
                _ = try FolderCheck(restored, report: report).run()
                let second = try await ServeProcess.start(restored, ["--rate-limit", "off", "--s3-take-over"])
                try await FileLoad.check(expected, place.client(second))
                #expect(try await second.end().status == 0)
                try await BucketCheck(restored, youth: -60_000, report: report)?.run()
                // What came after the backup has no row in it.
                let findings = found.withLock { $0 }.filter { !$0.message.hasPrefix("no row names these bytes") }
                #expect(findings == [])
            }
        }

        @Test("32 uploads of 20 MB at once take little memory")
        func memory() async throws {
            try await withPlace { place in
                let server = try await place.serve()
                let client = place.client(server)
                let bytes = [UInt8](repeating: 7, count: 20_000_000)
                #expect(try await client.upload("a.bin", [1], type: "a/b").status == 201)
                let before = try server.peakMemory()
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<32 {
                        group.addTask { try await client.stored("a.bin", bytes, type: "a/b").put.status }
                    }
                    for try await status in group { #expect(status == 200) }
                }
                let grown = try (server.peakMemory() - before) >> 20
                #expect(grown < 96, "\(grown) MiB")
                print("32 uploads of 20 MB to S3: \(grown) MiB above the peak before")
                #expect(try await server.end().status == 0)
            }
        }

        @Test(
            "After kill -9 in the middle of uploads every registered file is whole, and a sweep leaves no stray bytes")
        func kills() async throws {
            try await withPlace { place in
                let promised = Promised()
                for _ in 0..<2 {
                    let server = try await place.serve()
                    let client = place.client(server)
                    let enough = promised.count + 12
                    await withTaskGroup(of: Void.self) { group in
                        for _ in 0..<6 {
                            group.addTask {
                                while true {
                                    let (byte, count) = (UInt8.random(in: 0...255), Int.random(in: 1...900_000))
                                    guard
                                        let upload = try? await client.stored(
                                            "a.bin", [UInt8](repeating: byte, count: count), type: "a/b"),
                                        let file = try? await client.register(
                                            upload, "a.bin", type: "a/b", size: count), file.status == 201
                                    else { return }
                                    promised.files.withLock { $0[file.id] = (byte, count) }
                                }
                            }
                        }
                        group.addTask {
                            _ = try? await blocking { while promised.count < enough { usleep(1_000) } }
                            _ = try? await server.end(SIGKILL)
                        }
                    }
                    let found = try await place.findings()
                    #expect(found.allSatisfy { $0.message.hasPrefix("no row names") }, "\(found)")
                }
                let server = try await place.serve([])
                for (id, file) in promised.files.withLock({ $0 }) {
                    let answer = try await place.client(server).get("/v1/files/\(id)/download")
                    let isWhole = answer.body.count == file.count && answer.body.allSatisfy { $0 == file.byte }
                    #expect(answer.status == 200 && isWhole, "\(id): \(answer.status)")
                }
                // The environment's sweep began when it was opened, and ends before the server does or goes on at the next
                // start.
                _ = try await server.end()
                let sweeping = try await place.serve([])
                #expect(try await place.client(sweeping).get("/v1/files").status == 200)
                for _ in 0..<2_000 {
                    if try await !place.findings().contains(where: { $0.kind == .object }) { break }
                }
                #expect(try await place.findings().filter { $0.kind == .object } == [])
                #expect(try await sweeping.end().status == 0)
                #expect(promised.count >= 24)
            }
        }
    }
}

/// Puts the files of the servers that tests start into a bucket.
enum FilesInS3 {
    @TaskLocal static var service: S3Service?

    /// Has a server keep its files in the bucket, each under a prefix of its own, where the task asks for it.
    static func apply(to configuration: inout ServerConfiguration) {
        guard let service else { return }
        do { configuration.s3 = try service.options(S3Service.prefix(), in: configuration.folder) } catch {
            Issue.record(error)
        }
    }
}

extension ServeProcess {
    /// The most memory that the process has had, in bytes.
    fileprivate func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) })
            << 10
    }
}
