import Foundation
import Synchronization

/// What requests to an S3 service are signed with. Its texts say nothing of the secrets.
struct S3Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let accessKey: String
    let secretKey: String
    /// Of credentials that end.
    var sessionToken: String?

    var description: String { "credentials of the access key \(accessKey)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }

    /// Those of the variables that AWS's own tools read.
    ///
    /// - Throws: `OperatorError` when one is missing.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(OperatorError) {
        try self.init(
            accessKey: environment["AWS_ACCESS_KEY_ID"], secretKey: environment["AWS_SECRET_ACCESS_KEY"],
            sessionToken: environment["AWS_SESSION_TOKEN"],
            missing: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with --s3-credentials")
    }

    /// Those of a text in the form of `~/.aws/credentials`: its section `[default]`, or all of it where it has none.
    init(file text: String, path: String) throws(OperatorError) {
        var values: [String: String] = [:]
        var isDefault = true
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("[") { isDefault = line == "[default]" }
            guard isDefault, !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
            values[name] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        }
        try self.init(
            accessKey: values["aws_access_key_id"], secretKey: values["aws_secret_access_key"],
            sessionToken: values["aws_session_token"],
            missing: "\(path) must have the lines aws_access_key_id = … and aws_secret_access_key = …")
    }

    private init(
        accessKey: String?, secretKey: String?, sessionToken: String?, missing: String
    ) throws(OperatorError) {
        guard let accessKey, let secretKey, !accessKey.isEmpty, !secretKey.isEmpty else {
            throw OperatorError("the keys of the files' S3 storage are missing: \(missing)")
        }
        // They become a header field.
        for text in [accessKey, sessionToken ?? ""] where !text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            throw OperatorError("the keys of the files' S3 storage have spaces or other characters that no key has")
        }
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Where the credentials come from: the environment, or a file that is read again now and then, so that whoever renews
/// credentials that end needs no restart.
final class S3CredentialSource: Sendable {
    private struct Held {
        var credentials: S3Credentials
        var readAt: ContinuousClock.Instant
    }

    private let path: String?
    private let held: Mutex<Held>
    private static let interval = Duration.seconds(30)

    /// - Parameter file: the file; nil for the environment.
    /// - Throws: `OperatorError` when there are none, or others may read the file.
    init(file: String?) throws(OperatorError) {
        path = file
        let credentials = if let file { try Self.read(file) } else { try S3Credentials() }
        held = Mutex(Held(credentials: credentials, readAt: .now))
    }

    /// Those of now. While the file can't be read, the last ones: the service tells whether they are still good.
    var current: S3Credentials {
        held.withLock { held in
            if let path, held.readAt.duration(to: .now) > Self.interval {
                held = Held(credentials: (try? Self.read(path)) ?? held.credentials, readAt: .now)
            }
            return held.credentials
        }
    }

    private static func read(_ path: String) throws(OperatorError) -> S3Credentials {
        guard let status = FileStatus(path), status.isFile else { throw OperatorError("\(path) is not a file") }
        guard status.mode & 0o077 == 0 else {
            throw OperatorError("\(path) holds a secret, and others may read it (chmod 600 \(path))")
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20,
            let text = String(data: data, encoding: .utf8)
        else { throw OperatorError("\(path) can't be read as text") }
        return try S3Credentials(file: text, path: path)
    }
}
