/// What the accounts' mails look like.
package struct MailSettings: Hashable, Sendable {
    /// The sender's address.
    package var sender = "no-reply@localhost"
    /// The page that takes a new password; `{token}` and `{email}` are replaced. Nil: the mail shows the token.
    package var resetLink: String?

    /// The defaults.
    package init() {}
}
