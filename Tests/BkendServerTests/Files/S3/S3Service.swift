import BkendWire
import ChildProcesses
import Foundation
import Synchronization
import Testing

@testable import BkendServer

/// A real S3 service in a process of its own (`Tests/S3/service`), which checks signatures and the policy of docs/files.md.
/// It ends with this process.
final class S3Service: Sendable {
    let url: String
    let accessKey: String
    let secretKey: String
    private let child: ChildProcess

    static let bucket = "app-files"
    private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let isRequired = ProcessInfo.processInfo.environment["BKEND_REQUIRE_S3"] == "1"

    /// Whether there can be one here: its packages are from PyPI. Where they can't be had, one line says so.
    static let isAvailable: Bool = {
        let child = try? ChildProcess(folder.appending(path: "S3/install"), [])
        return child?.reap() == 0 || isRequired
    }()

    private static let started = Result { try S3Service() }

    /// The one that all tests use, each under a prefix of its own.
    static func shared() throws -> S3Service { try started.get() }

    private init() throws {
        let root = Self.folder.deletingLastPathComponent()
        let policy = FileManager.default.temporaryDirectory.appending(path: "bkend-policy-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: policy) }
        try Data(try Self.policy(in: root.appending(path: "docs/files.md")).utf8).write(to: policy)
        child = try ChildProcess(
            Self.folder.appending(path: "S3/.venv/bin/python"),
            [Self.folder.appending(path: "S3/service").path, Self.bucket, policy.path], input: .pipe, errors: .nothing)
        let json = try child.line().map { try JSON(parsing: $0) }
        guard let url = json?["url"]?.stringValue, let accessKey = json?["accessKey"]?.stringValue,
            let secretKey = json?["secretKey"]?.stringValue
        else { throw ChildProcess.Failure(what: "the S3 service didn't begin") }
        (self.url, self.accessKey, self.secretKey) = (url, accessKey, secretKey)
    }

    /// The policy that operators are told to use.
    private static func policy(in document: URL) throws -> String {
        let text = try String(contentsOf: document, encoding: .utf8)
        let blocks = text.components(separatedBy: "```")
        guard let block = blocks.first(where: { $0.hasPrefix("json") && $0.contains("s3:ListBucket") }) else {
            throw ChildProcess.Failure(what: "docs/files.md has no policy")
        }
        return String(block.dropFirst(4))
    }

    // MARK: What goes wrong

    /// What goes wrong with the next requests, instead of what was to before.
    func fail(_ faults: [JSONObject]) async throws {
        let answer = try await TestClient(url).post("/_faults", .array(faults.map(JSON.object)))
        #expect(answer.status == 204)
    }

    /// The requests since the last call of `fail`, `METHOD /BUCKET/KEY`.
    func requests() async throws -> [String] {
        try await TestClient(url).get("/_requests").json.arrayValue?.compactMap(\.stringValue) ?? []
    }

    // MARK: Settings

    /// A prefix that no other test has.
    static func prefix() -> String { "production/\(FileKey.randomDigits(8))" }

    /// A file of credentials.
    func credentials(in folder: String, secretKey: String? = nil) throws -> String {
        let path = "\(folder)/credentials-\(FileKey.randomDigits(4))"
        let text = """
            [default]
            aws_access_key_id = \(accessKey)
            aws_secret_access_key = \(secretKey ?? self.secretKey)
            """
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw ChildProcess.Failure(what: "\(path) can't be made") }
        return path
    }

    func options(_ prefix: String, in folder: String) throws -> S3Options {
        var options = S3Options()
        options.address = "s3://\(Self.bucket)/\(prefix)"
        options.endpoint = url
        options.credentials = try credentials(in: folder)
        return options
    }

    func client(
        _ prefix: String, in folder: String, configure: (inout S3Options) -> Void = { _ in }
    ) throws -> S3Client {
        var options = try options(prefix, in: folder)
        configure(&options)
        return try S3Client(try S3Settings(options, remembered: nil), pause: { _ in })
    }
}
