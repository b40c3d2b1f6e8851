import BkendAccounts
import BkendServer
import BkendWire
import Logging
import Synchronization

/// What the tests change of a server: its limits, its clock, and who verifies tokens.
struct ServerSettings {
    var limits = ServerLimits()
    var isDynamic = false
    var explainsQueries = false
    var logger: Logger?
    var clock: TestClock?

    func apply(to configuration: inout ServerConfiguration) {
        configuration.limits = limits
        configuration.isDynamic = isDynamic
        configuration.explainsQueries = explainsQueries
        if let logger { configuration.logger = logger }
        configuration.accessTokens = PlainTokens()
        if let clock { configuration.now = { clock.now } }
    }
}

/// A clock that tests set.
final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ text: String) { time = Mutex(Timestamp(text) ?? Timestamp(clamping: 0)) }

    var now: Timestamp { time.withLock { $0 } }

    /// Goes on by so many seconds, and gives the new time.
    @discardableResult
    func advance(seconds: Int64) -> Timestamp {
        time.withLock { time in
            time = Timestamp(clamping: time.milliseconds + seconds * 1_000)
            return time
        }
    }

    func set(_ text: String) { time.withLock { $0 = Timestamp(text) ?? $0 } }
}

/// Tokens that say who the user is, `ID:ROLE`: the tests of records need users, not signatures.
struct PlainTokens: AccessTokens {
    func caller(of token: Substring, in environment: EnvironmentName) async throws -> Caller {
        let parts = token.split(separator: ":")
        guard parts.count == 2 else { throw ErrorBody(.invalidTokenFormat, "no test token") }
        return Caller(userID: String(parts[0]), role: String(parts[1]))
    }
}
