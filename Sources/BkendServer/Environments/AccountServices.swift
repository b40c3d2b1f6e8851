import BkendAccounts
import BkendWire
import Logging

/// What the accounts of all environments share: one file of signing keys, since the audience tells their tokens apart;
/// one hasher, since it bounds the memory that sign-ins take; one folder for mails.
struct AccountServices: Sendable {
    private let tokens: TokenAuthority
    private let hasher: ScryptHasher
    private let mail: MailFolder
    private let scrypt: ScryptParameters
    private let configuration: ServerConfiguration
    private let mailFailed: @Sendable () -> Void
    private let mailWithheld: @Sendable () -> Void

    /// Makes the signing keys and the mail folder of a data folder, unless they are there.
    ///
    /// - Parameters:
    ///   - mailFailed: called for each mail that could not be sent.
    ///   - mailWithheld: called for each mail that the limit of its account held back.
    ///   - reportHashing: told of what happens in the line of passwords to be hashed.
    /// - Throws: `AccountsFailure` when they can't be made or read, or the cost of hashing is out of range.
    init(
        _ configuration: ServerConfiguration, mailFailed: @escaping @Sendable () -> Void = {},
        mailWithheld: @escaping @Sendable () -> Void = {},
        reportHashing: @escaping @Sendable (QueueEvent) -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        hasher = ScryptHasher(
            waiting: configuration.limits.waitingHashes, waitingPerClient: configuration.limits.waitingHashesPerClient,
            report: reportHashing)
        self.mailFailed = mailFailed
        self.mailWithheld = mailWithheld
        scrypt = try ScryptParameters(logarithmOfRounds: configuration.scryptCost)
        tokens = TokenAuthority(keys: try SigningKeyFile(in: configuration.folder, now: configuration.now()))
        mail = try MailFolder(configuration.folder + "/mail")
    }

    /// The accounts of an environment, their tables made.
    func accounts(of name: EnvironmentName, in store: EnvironmentStore) throws -> Accounts {
        try store.engine.prepareAccounts()
        // A user who goes takes files along.
        try store.engine.prepareFiles()
        var settings = AccountsConfiguration(audience: name.description)
        settings.scrypt = scrypt
        settings.limits = configuration.accountLimits
        settings.passwordPolicy = configuration.passwordPolicy
        settings.lifetimes.grace = .seconds(configuration.refreshGraceSeconds)
        settings.mail = configuration.mail
        let database = AccountsStore(
            store: store, queryLimit: .milliseconds(configuration.limits.queryMilliseconds))
        return Accounts(
            settings, database: database, tokens: tokens, hasher: hasher, mail: mail, logger: configuration.logger,
            mailFailed: mailFailed, mailWithheld: mailWithheld,
            whenDeleted: { db, userID in try FileStore.withdraw(db, userID: userID) }, now: configuration.now)
    }
}
