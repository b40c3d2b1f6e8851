import BkendWire

/// What sends the accounts' mails.
package protocol MailSender: Sendable {
    /// Sends a mail, or hands it to what will.
    func send(_ mail: Mail) async throws
}

/// Writes each mail as one `.eml` file (mode 0600) into a folder, for a mail server or a script to pick up. A file has
/// its final name once it is whole; names sort by time.
package struct MailFolder: MailSender {
    private let folder: PrivateFolder
    private let random: RandomBytes

    /// The folder at a path, made (mode 0700) when it isn't there.
    package init(_ path: String, random: RandomBytes = .system) throws {
        folder = try PrivateFolder(path)
        self.random = random
    }

    package func send(_ mail: Mail) async throws {
        let id = random.uuid()
        let time = String(mail.date.description.filter { $0.isNumber || $0 == "T" })
        let name = "\(time)-\(id)"
        _ = try folder.create("\(name).eml", with: mail.message(id: id), draft: name)
    }
}
