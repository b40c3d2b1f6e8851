import BkendWire

/// The mail with which a user who forgot the password sets another.
struct ResetMail: Sendable {
    let settings: MailSettings
    let token: String
    let seconds: Int

    func mail(to user: User, now: Timestamp) -> Mail {
        let way: String
        if let link = settings.resetLink {
            let page = replace("{token}", in: link, by: token)
            way = "To set a new password, open:\n\n\(replace("{email}", in: page, by: user.email))"
        } else {
            way = "To set a new password, enter this code in the app:\n\n\(token)"
        }
        let text = """
            Someone, probably you, asked to reset the password of the account \(user.email).

            \(way)

            It works once, for \(max(1, seconds / 60)) minutes. If you didn't ask for it, ignore this mail:
            nothing has changed.
            """
        return Mail(
            sender: settings.sender, recipient: user.email, subject: "Reset your password", text: text, date: now)
    }

    private func replace(_ placeholder: String, in text: String, by value: String) -> String {
        text.split(separator: placeholder, omittingEmptySubsequences: false).joined(
            separator: QueryItem.percentEncode(value))
    }
}
