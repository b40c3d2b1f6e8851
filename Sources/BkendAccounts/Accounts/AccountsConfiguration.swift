import BkendWire

/// How the accounts of an environment work.
package struct AccountsConfiguration: Sendable {
    /// The project and environment, `shop/prod`: the audience of access tokens.
    package var audience: String
    /// How much work a password's hash takes.
    package var scrypt = ScryptParameters.owasp
    /// What new passwords must be like.
    package var passwordPolicy = PasswordPolicy()
    /// How long sessions and refresh tokens live.
    package var lifetimes = SessionLifetimes()
    /// Seconds that a token to reset a password lives.
    package var resetSeconds = 3_600
    /// What clients and addresses may ask.
    package var limits = AccountLimits()
    /// What mails look like.
    package var mail = MailSettings()

    /// The defaults, for an environment.
    package init(audience: String) { self.audience = audience }
}
