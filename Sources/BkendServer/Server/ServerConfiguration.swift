#if Server
import BkendWire
import Logging

/// What a server is started with.
package struct ServerConfiguration: Sendable {
    /// The data folder.
    package var folder: String
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port, 0 for a free one.
    package var port = 8420
    /// Whether a first POST creates its table.
    package var isDynamic = false
    /// Whether lists say how their records were found: to admins in the header `X-Bkend-Explain`, and in the log.
    package var explainsQueries = false
    /// What a request may ask for.
    package var limits = ServerLimits()
    /// The time.
    package var now: @Sendable () -> Timestamp
    /// Who verifies the access tokens of requests for records; nil for the server's own accounts.
    package var accessTokens: (any AccessTokens)?
    /// How much work a new password's hash takes: the logarithm to base 2 of scrypt's N (RFC 7914 §2), 1 to 20. 17 is
    /// the OWASP Password Storage Cheat Sheet's first choice: 128 MiB a hash. Tests take less.
    package var scryptCost = 17
    /// Where the log goes.
    package var logger: Logger

    /// A server over a data folder, with the defaults.
    package init(folder: String, logger: Logger, now: @escaping @Sendable () -> Timestamp = { .systemNow }) {
        self.folder = folder
        self.logger = logger
        self.now = now
    }
}
#endif
