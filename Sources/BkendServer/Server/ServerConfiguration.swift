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
    /// What a request may ask for.
    package var limits = ServerLimits()
    /// The time.
    package var now: @Sendable () -> Timestamp
    /// Who verifies access tokens.
    package var accessTokens: any AccessTokens = NoAccounts()
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
