/// What one client or address may ask of the accounts (rest-api.md §8); nil for no limit. A client is what the server
/// says it is: an IP address as a rule.
///
/// No limit that refuses counts by the address alone, or strangers could use it up for its owner
/// (docs/threat-model.md): what counts by the address changes what a client may do there, or which mails are sent.
package struct AccountLimits: Hashable, Sendable {
    /// Failed sign-ins of one client at one address.
    package var signInPerClientAndAddress: RateLimit? = RateLimit(10, perSeconds: 600)
    /// Failed sign-ins at one address by all clients together, past which `signInPerClientUnderAttack` holds as well.
    package var signInPerAddress: RateLimit? = RateLimit(200, perSeconds: 3_600)
    /// Failed sign-ins of one client at an address where `signInPerAddress` is spent. Its first attempts are always
    /// looked at: they may be the owner's.
    package var signInPerClientUnderAttack: RateLimit? = RateLimit(3, perSeconds: 1_800)
    /// Failed sign-ins of one client at all addresses together.
    package var signInPerClient: RateLimit? = RateLimit(100, perSeconds: 600)
    /// Sign-ups of one client. The published seed script signs 11 users up in a row.
    package var signUpPerClient: RateLimit? = RateLimit(50, perSeconds: 600)
    /// Refreshes of one client.
    package var refreshPerClient: RateLimit? = RateLimit(120, perSeconds: 60)
    /// Password resets that one client asks for at one address.
    package var resetPerClientAndAddress: RateLimit? = RateLimit(5, perSeconds: 3_600)
    /// Password resets that one client asks for.
    package var resetPerClient: RateLimit? = RateLimit(30, perSeconds: 600)
    /// Password resets that one client confirms, or tries to.
    package var confirmPerClient: RateLimit? = RateLimit(30, perSeconds: 600)
    /// Mails to reset the password of one account, whoever asks. Past it no further mail is sent while the newest one
    /// is good for a while yet; the answer is the same.
    package var resetMailsPerAccount: RateLimit? = RateLimit(5, perSeconds: 3_600)
    /// How many keys each limit remembers.
    package var capacity = 20_000

    /// The defaults.
    package init() {}
}
