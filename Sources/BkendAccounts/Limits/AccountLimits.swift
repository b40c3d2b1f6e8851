#if Server
/// What one client or address may ask of the accounts (rest-api.md §8); nil for no limit. A client is what the server
/// says it is: an IP address as a rule.
package struct AccountLimits: Hashable, Sendable {
    /// Failed sign-ins of one client at one address.
    package var signInPerClientAndAddress: RateLimit? = RateLimit(10, perSeconds: 600)
    /// Failed sign-ins at one address by all clients together. Whoever spends it locks its owner out, so that it is
    /// more than one client can spend.
    package var signInPerAddress: RateLimit? = RateLimit(200, perSeconds: 3_600)
    /// Failed sign-ins of one client at all addresses together.
    package var signInPerClient: RateLimit? = RateLimit(100, perSeconds: 600)
    /// Sign-ups of one client. The published seed script signs 11 users up in a row.
    package var signUpPerClient: RateLimit? = RateLimit(50, perSeconds: 600)
    /// Refreshes of one client.
    package var refreshPerClient: RateLimit? = RateLimit(120, perSeconds: 60)
    /// Mails for one address.
    package var resetPerAddress: RateLimit? = RateLimit(5, perSeconds: 3_600)
    /// Password resets, asked for or confirmed, of one client.
    package var resetPerClient: RateLimit? = RateLimit(30, perSeconds: 600)
    /// How many keys each limit remembers.
    package var capacity = 20_000

    /// The defaults.
    package init() {}
}
#endif
