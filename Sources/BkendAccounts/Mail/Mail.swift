import BkendWire

/// One mail in plain text.
package struct Mail: Hashable, Sendable {
    /// The sender's address.
    package let sender: String
    /// The one recipient's address.
    package let recipient: String
    /// The subject, ASCII.
    package let subject: String
    /// The text, its lines parted by `\n`.
    package let text: String
    /// When it was written.
    package let date: Timestamp

    /// The mail as RFC 5322 has it (UTF-8 in headers by RFC 6532), its id made of the given text.
    package func message(id: String) -> [UInt8] {
        let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
        let headers = [
            "From: \(sender)", "To: \(recipient)", "Subject: \(subject)", "Date: \(InternetDate.text(date))",
            "Message-ID: <\(id)@\(domain)>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
        ]
        // No value may start a header of its own.
        let safe = headers.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
        let body = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        return Array((safe.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n").utf8)
    }
}
