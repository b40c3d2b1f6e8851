import BkendAccounts
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
    /// How many requests one client may send with one key; nil for no limit. The default lets seeds, imports and sync
    /// engines work at full speed and stops what has run wild.
    package var rateLimit: RateLimit? = RateLimit(30_000, perSeconds: 60)
    /// The proxies whose `X-Forwarded-For` tells the client's address.
    package var trustedProxies = TrustedProxies()
    /// The projects whose answers are wrapped in `{"success":true,"data":…}` (rest-api.md §2).
    package var wrappedProjects: Set<String> = []
    /// The address of this server as clients see it, `https://api.example.com`; nil for what each request says.
    package var publicURL: String?
    /// The projects whose pictures are public until they are registered, where no visibility was named for them
    /// (docs/files.md, "Pictures that nobody registers").
    package var publicUnregisteredImages: Set<String> = []
    /// What resizes pictures; nil to serve the originals.
    package var images: ImageSettings?
    /// The S3 service that keeps the bytes of files; nothing said for what the data folder remembers, and for the folder
    /// itself where it remembers none.
    package var s3 = S3Options()
    /// Where each request leaves a line; nil for nowhere.
    package var requestLog: RequestLog?
    /// The address of the admin port.
    package var adminHost = "127.0.0.1"
    /// The port of metrics and health, 0 for a free one; nil for none.
    package var adminPort: Int?
    /// The most bytes of an environment's database; nil for what the disk holds. Writes past it are answered 507.
    package var databaseBytes: Int?
    /// What clients and addresses may ask of the accounts.
    package var accountLimits = AccountLimits()
    /// What new passwords must be like.
    package var passwordPolicy = PasswordPolicy()
    /// For how many seconds after its use a refresh token is answered with its successors again; 0 for never
    /// (rest-api.md §8).
    package var refreshGraceSeconds = 10
    /// Whether clients are told of that time and may rely on it, by `refresh-grace` in `X-Bkend-Extensions`. All servers
    /// of an address must have the same.
    package var announcesRefreshGrace = false
    /// Whether clients may follow changes (`POST /x1/changes`), and are told so by `changes` in `X-Bkend-Extensions`.
    package var offersChanges = true
    /// Whether clients may have changes told as a stream.
    var offersStreams: Bool { offersChanges && limits.streams > 0 }
    /// What the accounts' mails look like.
    package var mail = MailSettings()
    /// The time.
    package var now: @Sendable () -> Timestamp
    /// Who verifies access tokens; nil for the server's own accounts.
    package var accessTokens: (any AccessTokens)?
    /// Where environments are kept; nil for the data folder.
    package var storage: (any StorageSource)?
    /// How much work a new password's hash takes: the logarithm to base 2 of scrypt's N (RFC 7914 §2), 1 to 20. 17 is
    /// the OWASP Password Storage Cheat Sheet's first choice: 128 MiB a hash. Tests take less.
    package var scryptCost = ScryptParameters.owasp.logarithmOfRounds
    /// What stands before the API; nil outside of tests.
    package var interception: Interception?
    /// Where the log goes.
    package var logger: Logger

    /// A server over a data folder, with the defaults.
    package init(folder: String, logger: Logger, now: @escaping @Sendable () -> Timestamp = { .systemNow }) {
        self.folder = folder
        self.logger = logger
        self.now = now
    }
}
