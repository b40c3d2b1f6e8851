import BkendAccounts
import BkendWire
import Foundation
import Logging
import Testing

/// The accounts of an environment on a real database, real keys and a real mail folder; only the clock stands still and
/// scrypt is cheap.
struct AccountsFixture {
    let folder: TemporaryFolder
    let database: TestDatabase
    let clock: TestClock
    let hasher: CountingHasher
    let keyFile: SigningKeyFile
    let accounts: Accounts

    static let cheap = try! ScryptParameters(logarithmOfRounds: 4)  // in the range by its text
    static let client = ClientInfo(address: "192.0.2.1", userAgent: "Tests/1", deviceInfo: "a desk")

    init(audience: String = "shop/dev", _ configure: (inout AccountsConfiguration) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        let clock = TestClock()
        database = try TestDatabase(in: folder, clock: clock)
        self.clock = clock
        hasher = CountingHasher()
        keyFile = try SigningKeyFile(in: folder.path, now: clock.now)
        accounts = try Self.accounts(
            audience, folder: folder, database: database, hasher: hasher, keyFile: keyFile, clock: clock, configure)
    }

    /// Another service over the same files: another process, or the same after a restart.
    func reopened(
        audience: String = "shop/dev", hasher: (any PasswordHasher)? = nil,
        _ configure: (inout AccountsConfiguration) -> Void = { _ in }
    ) throws -> Accounts {
        try Self.accounts(
            audience, folder: folder, database: database, hasher: hasher ?? self.hasher, keyFile: keyFile, clock: clock,
            configure)
    }

    private static func accounts(
        _ audience: String, folder: TemporaryFolder, database: TestDatabase, hasher: any PasswordHasher,
        keyFile: SigningKeyFile, clock: TestClock, _ configure: (inout AccountsConfiguration) -> Void
    ) throws -> Accounts {
        var configuration = AccountsConfiguration(audience: audience)
        configuration.scrypt = cheap
        configure(&configuration)
        return Accounts(
            configuration, database: database, tokens: TokenAuthority(keys: keyFile), hasher: hasher,
            mail: try MailFolder(folder.path + "/mail"),
            logger: Logger(label: "accounts-tests", factory: { _ in SwiftLogNoOpLogHandler() }), now: { clock.now })
    }

    // MARK: What tests do all the time

    @discardableResult
    func signUp(_ email: String = "ada@example.com", password: String = "abc123") async throws -> Pair {
        let body: JSONObject = ["email": .string(email), "password": .string(password), "name": "Ada"]
        return try Pair(try await accounts.signUp(body, client: Self.client))
    }

    @discardableResult
    func signIn(_ email: String = "ada@example.com", password: String = "abc123") async throws -> Pair {
        let body: JSONObject = ["email": .string(email), "password": .string(password)]
        return try Pair(try await accounts.signIn(body, client: Self.client))
    }

    func refresh(_ token: String) async throws -> Pair {
        try Pair(try await accounts.refresh(["refreshToken": .string(token)], client: Self.client))
    }

    func caller(_ pair: Pair) async throws -> Caller {
        try await accounts.authenticate(pair.access)
    }

    func mails() throws -> [String] {
        let path = folder.path + "/mail"
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map {
            try String(contentsOfFile: "\(path)/\($0)", encoding: .utf8)
        }
    }

    /// The code that the newest mail shows, alone on its line.
    func mailedToken() async throws -> String {
        await accounts.drained()
        let lines = try #require(mails().last).components(separatedBy: "\r\n")
        return try #require(lines.first { $0.utf8.count == 43 && !$0.contains(" ") })
    }
}

/// The tokens of an answer.
struct Pair: Equatable {
    let access: String
    let refresh: String
    let answer: AccountAnswer

    init(_ answer: AccountAnswer) throws {
        self.answer = answer
        access = try #require(answer.body["accessToken"]?.stringValue)
        refresh = try #require(answer.body["refreshToken"]?.stringValue)
    }

    /// The user's id.
    var userID: String { answer.body["user"]?["id"]?.stringValue ?? "" }
}

/// The code of the error that `body` throws, whatever carries it; nil when it throws none.
func code<Result>(of body: () async throws -> Result) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch let error as ErrorBody {
        return error.code.rawValue
    } catch let error as TooManyRequests {
        return error.body.code.rawValue
    } catch let error as QueueRefused {
        return error.body.code.rawValue
    } catch {
        return "\(error)"
    }
}
