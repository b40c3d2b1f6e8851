import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// The power goes while clients upload: at each moment of a run of the real server, as far as its calls to the file system
/// tell. `OBJECT_POWER_CUTS=20` tries twenty times as many outcomes of each cut as `make test`.
@Suite struct ObjectPowerCutTests {
    /// How many outcomes by chance each cut has.
    private static let seeds = ProcessInfo.processInfo.environment["OBJECT_POWER_CUTS"].flatMap { UInt64($0) } ?? 1

    @Test("Wherever the power goes while clients upload, what was answered holds, and no object is there by half")
    func uploads() async throws {
        try await withFolder { path in
            let (root, images) = (path + "/root", path + "/images")
            for folder in [path, root, images] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            let disk = try RecordedDisk(of: root)
            let log = CallLog(path: path + "/calls")
            let promises = FilePromises(log)
            let key = try await Self.run(root, log, promises)
            let calls = try RecordedCall.log(log.path)
            var cuts = PowerCuts(images: images, key: key, promises: promises)
            var end = 0
            for (number, call) in calls.enumerated() {
                if call.call.isTurningPoint {
                    try await cuts.cut(disk, at: end, "before call \(number), \(call.call)", seeds: Self.seeds)
                }
                try disk.apply(call.call)
                end = call.end
                if call.call.isTurningPoint {
                    try await cuts.cut(disk, at: end, "after call \(number), \(call.call)", seeds: Self.seeds)
                }
                if cuts.failures.count > 3 { break }
            }
            #expect(cuts.failures == [])
            guard cuts.failures.isEmpty else { return }
            // The log tells everything, and the test is about what it claims.
            #expect(try disk.image(.kept).differences(from: root) == [])
            #expect(promises.broken(at: end, by: try cuts.reading(of: disk.image(.kept)).values) == [])
            #expect(promises.count > 40 && cuts.count > 600)
            print("\(calls.count) calls, \(promises.count) promises, \(cuts.count) cuts, \(cuts.distinct) images")
        }
    }

    /// Makes a folder, has clients use it, and gives its secret key. Then the server is stopped, started again and used.
    private static func run(_ root: String, _ log: CallLog, _ promises: FilePromises) async throws -> String {
        let folder = "\(root)/\(FolderReading.folder)"
        let server = try await RecordedServer.start(folder, recording: root, to: log)
        let made = try #require(server.made)
        promises.keep(["folder": "made"], from: 0, to: made.position)
        for name in [AddressKeys.fileName, "signing-keys.json"] {
            let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
            promises.keep(["\(FolderReading.folder)/\(name)": FilePromises.digest(bytes)], from: 0, to: log.length)
        }
        let client = UploadingClient(TestClient(try #require(server.url), key: made.key), promises)
        for count in [1, 511, 4_097] { _ = try await client.file([count]) }
        let replaced = try await client.file([70_000, 300_000, 20])
        let unregistered = try await client.file([9, 600_001], registers: false)
        try await client.form(1_000)
        try await withThrowingTaskGroup { group in
            for number in 0..<4 {
                group.addTask { _ = try await client.file(number == 2 ? [3_000, 5_000] : [100_000 + number]) }
            }
            try await group.waitForAll()
        }
        let deleted = try await client.file([12_345])
        try await client.delete(deleted)
        // A day later bytes go that no record has named.
        promises.release("key \(unregistered.key)")
        try await server.later(seconds: 90_000)
        _ = try await client.file([30])
        while access("\(folder)/files/default/dev/\(deleted.object)", F_OK) == 0 {
            #expect(try await client.client.get("/v1/files/\(replaced.id)").status == 200)
        }
        #expect(try await server.end() == 0)
        let again = try await RecordedServer.start(folder, recording: root, to: log)
        #expect(again.made == nil)
        let later = UploadingClient(TestClient(try #require(again.url), key: made.key), promises)
        _ = try await later.file([400_000, 40])
        try await later.delete(replaced)
        // Last, since each folder that is looked at has all that was stored.
        try await later.parts([5 << 20, 7])
        #expect(try await again.end() == 0)
        return made.key
    }

    @Test("Folders that a killed server has made are durable before its successor answers for what is in them")
    func kills() async throws {
        try await withFolder { path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            var numbers: Set<UInt64> = []
            let undisturbed = try await Self.trial("\(path)/undisturbed", endingAfter: nil)
            let ends = undisturbed.enumerated().compactMap { index, call in
                if case .folder(let number, _) = call { numbers.insert(number) }
                guard case .sync(let number) = call, numbers.contains(number) else { return Int?.none }
                return index
            }
            #expect(ends.count > 8)
            for end in ends { _ = try await Self.trial("\(path)/\(end)", endingAfter: end) }
        }
    }

    /// Has a server killed after some calls, and a file uploaded to the next one; then all is lost that isn't durable.
    private static func trial(_ path: String, endingAfter end: Int?) async throws -> [RecordedCall] {
        let root = path + "/root"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let disk = try RecordedDisk(of: root)
        let log = CallLog(path: path + "/calls")
        let promises = FilePromises(log)
        let folder = "\(root)/\(FolderReading.folder)"
        var key: String?
        if let end {
            let killed = try await RecordedServer.start(folder, recording: root, to: log, endingAfter: end)
            key = killed.made?.key
            if let url = killed.url, let key {
                let client = UploadingClient(TestClient(url, key: key), promises)
                while (try? await client.file([100])) != nil {}
            }
            #expect(try await killed.end() == 99)
        }
        let server = try await RecordedServer.start(folder, recording: root, to: log)
        // Killed within `init`, before it had told the key: nobody was promised anything.
        guard let key = key ?? server.made?.key else {
            #expect(try await server.end() == 0)
            return []
        }
        _ = try await UploadingClient(TestClient(try #require(server.url), key: key), promises).file([200])
        #expect(try await server.end() == 0)
        let calls = try RecordedCall.log(log.path)
        for call in calls { try disk.apply(call.call) }
        var cuts = PowerCuts(images: path, key: key, promises: promises)
        try await cuts.cut(disk, at: log.length, "after \(end ?? 0) calls and a kill", seeds: seeds)
        #expect(cuts.failures == [])
        return calls.map(\.call)
    }
}

extension RecordedCall {
    /// Whether what can be lost is another thing after it.
    fileprivate var isTurningPoint: Bool {
        switch self {
        case .sync, .rename, .link, .folder: true
        case .make, .write, .size, .remove, .escape: false
        }
    }
}

/// Cuts the power, and looks at what each cut leaves.
private struct PowerCuts {
    let images: String
    let key: String
    let promises: FilePromises
    private(set) var failures: [String] = []
    private(set) var count = 0
    private var readings: [String: FolderReading] = [:]
    private var digests: [String: String] = [:]

    /// How many different folders were looked at.
    var distinct: Int { readings.count }

    init(images: String, key: String, promises: FilePromises) {
        (self.images, self.key, self.promises) = (images, key, promises)
    }

    /// Cuts it once the calls up to a length of the log were made, with each outcome.
    mutating func cut(_ disk: RecordedDisk, at length: Int, _ place: String, seeds: UInt64) async throws {
        for cut in RecordedDisk.PowerCut.allCases {
            for seed in 0..<(cut == .shredded ? seeds : 1) {
                count += 1
                let reading = try reading(of: disk.image(cut, seed: UInt64(length) &* 31 &+ seed))
                let broken = reading.findings + promises.broken(at: length, by: reading.values)
                let halves = reading.values.filter { $0.key.hasPrefix("object ") && !promises.sent.contains($0.value) }
                if broken.isEmpty, halves.isEmpty { continue }
                failures.append("\(place), \(cut) \(seed): \(broken) \(halves.keys.sorted())")
            }
        }
    }

    /// What a server finds in an image.
    mutating func reading(of image: DiskImage) throws -> FolderReading {
        let mark = image.mark
        if let known = readings[mark] { return known }
        let path = "\(images)/\(readings.count)"
        try image.write(to: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let reading = try FolderReading(image, at: path, key: key) { file in
            if let known = digests[file.mark] { return known }
            let digest = FilePromises.digest(file.content)
            digests[file.mark] = digest
            return digest
        }
        readings[mark] = reading
        return reading
    }
}

/// A client that keeps account of what it was promised.
private struct UploadingClient {
    struct File {
        let id: String
        let key: String
        /// The name of its bytes.
        let object: String
    }

    let client: TestClient
    let promises: FilePromises

    init(_ client: TestClient, _ promises: FilePromises) { (self.client, self.promises) = (client, promises) }

    /// Bytes that no other body has.
    private func bytes(_ count: Int) -> [UInt8] {
        var random = SeededNumbers(UInt64(count))
        return (0..<count).map { $0 % 64 == 0 ? UInt8.random(in: .min ... .max, using: &random) : UInt8($0 % 251) }
    }

    /// Uploads bodies to one address, each in the place of the one before, and registers the last.
    func file(_ counts: [Int], registers: Bool = true) async throws -> File {
        let presigned = try await promises.request {
            try await client.presign("a.png")
        } promised: { answer in
            #expect(answer.status == 200, "\(answer.text)")
            return ["key \(answer.json["key"]?.stringValue ?? "")": "issued"]
        }
        let key = presigned.json["key"]?.stringValue ?? ""
        var object = ""
        var content = ""
        for count in counts {
            let bytes = bytes(count)
            content = promises.sending(bytes)
            let answer = try await promises.request {
                try await client.put(presigned.address, bytes)
            } promised: { [content] answer in
                #expect(answer.status == 200, "\(answer.text)")
                return ["key \(key)": content]
            }
            object = (answer.headers["etag"] ?? "").filter { $0 != "\"" }
        }
        guard registers else { return File(id: "", key: key, object: object) }
        let id = try await register(key, counts.last ?? 0, content)
        return File(id: id, key: key, object: object)
    }

    private func register(_ key: String, _ count: Int, _ content: String) async throws -> String {
        try await promises.request {
            try await client.post(
                "/v1/files",
                ["s3Key": .string(key), "originalName": "a.png", "mimeType": "image/png", "size": .int(Int64(count))])
        } promised: { answer in
            #expect(answer.status == 201, "\(answer.text)")
            return ["file \(answer.id)": "\(count) bytes, \(content)"]
        }.id
    }

    /// Uploads a file in parts.
    func parts(_ counts: [Int]) async throws {
        let size = counts.reduce(0, +)
        let begun = try await promises.request {
            try await client.post(
                "/v1/files/multipart/init",
                ["filename": "a.png", "contentType": "image/png", "fileSize": .int(Int64(size))])
        } promised: {
            ["key \($0.json["key"]?.stringValue ?? "")": "issued"]
        }
        let (key, upload) = (begun.json["key"] ?? .null, begun.json["uploadId"] ?? .null)
        var list: [JSON] = []
        var contents: [String] = []
        for (number, count) in counts.enumerated() {
            let address = try await client.post(
                "/v1/files/multipart/presigned-url",
                ["key": key, "uploadId": upload, "partNumber": .int(Int64(number + 1))])
            let bytes = bytes(count)
            let content = promises.sending(bytes)
            let answer = try await promises.request {
                try await client.put(address.address, bytes)
            } promised: { answer in
                #expect(answer.status == 200, "\(answer.text)")
                return ["part \(number + 1) of \(upload.stringValue ?? "")": content]
            }
            list.append(["partNumber": .int(Int64(number + 1)), "etag": .string(answer.headers["etag"] ?? "")])
            contents.append(content)
        }
        let whole = contents.joined(separator: " ")
        _ = try await promises.request {
            try await client.post(
                "/v1/files/multipart/complete", ["key": key, "uploadId": upload, "parts": .array(list)])
        } promised: { answer in
            #expect(answer.status == 200, "\(answer.text)")
            return ["key \(key.stringValue ?? "")": whole]
        }
        _ = try await register(key.stringValue ?? "", size, whole)
    }

    /// Uploads a file as a form.
    func form(_ count: Int) async throws {
        let bytes = bytes(count)
        let content = promises.sending(bytes)
        let head =
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
        let form = Array(head.utf8) + bytes + Array("\r\n--b--\r\n".utf8)
        _ = try await promises.request {
            try await client.send("POST", "/v1/files/upload", body: form, type: "multipart/form-data; boundary=b")
        } promised: { answer in
            #expect(answer.status == 201, "\(answer.text)")
            return ["file \(answer.id)": "\(count) bytes, \(content)"]
        }
    }

    /// Deletes a file.
    func delete(_ file: File) async throws {
        _ = try await promises.request {
            try await client.delete("/v1/files/\(file.id)")
        } promised: { answer in
            #expect(answer.status == 200, "\(answer.text)")
            return ["file \(file.id)": String?.none, "key \(file.key)": "deleted"]
        }
    }
}
