import BkendWire
import Foundation
import Testing

@testable import BkendAccounts

@Suite("Mails")
struct MailFolderTests {
    private func mail(to recipient: String = "ada@example.com", text: String = "Hello\nÄda") throws -> Mail {
        Mail(
            sender: "no-reply@shop.example", recipient: recipient, subject: "Reset your password", text: text,
            date: try #require(Timestamp("2026-11-23T06:51:54.000Z")))
    }

    @Test("A mail is RFC 5322's")
    func message() throws {
        let text = String(decoding: try mail().message(id: "x"), as: UTF8.self)
        let lines = [
            "From: no-reply@shop.example", "To: ada@example.com", "Subject: Reset your password",
            "Date: Mon, 23 Nov 2026 06:51:54 +0000", "Message-ID: <x@shop.example>", "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
            "Hello", "Äda", "",
        ]
        #expect(text == lines.joined(separator: "\r\n"))
    }

    @Test("No value starts a header of its own", arguments: ["\r\n", "\n", "\r", "\u{2028}", "\u{85}"])
    func headerInjection(lineEnd: String) throws {
        let text = String(
            decoding: try mail(to: "a@b.cd\(lineEnd)Bcc: eve@example.com").message(id: "x"), as: UTF8.self)
        #expect(text.contains("To: a@b.cd Bcc: eve@example.com\r\n"))
    }

    @Test("Each mail is a file for its owner alone, and no draft stays")
    func files() async throws {
        let folder = try TemporaryFolder()
        let sender = try MailFolder(folder.path + "/mail")
        for _ in 0..<3 { try await sender.send(mail()) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/mail")
        #expect(names.count == 3)
        #expect(try folder.mode(of: "mail") == 0o700)
        for name in names {
            #expect(name.hasPrefix("20261123T065154000-") && name.hasSuffix(".eml"))
            #expect(try folder.mode(of: "mail/" + name) == 0o600)
        }
    }

    @Test("The mail to reset a password carries the page's link with its values encoded, or the code")
    func resetMail() throws {
        let moment = try mail().date
        let user = User(
            id: "x", role: "user", email: "a+b@example.com", onboardingStatus: "", createdAt: moment, updatedAt: moment)
        var settings = MailSettings()
        let plain = ResetMail(settings: settings, token: "TOKEN", seconds: 3_600).mail(to: user, now: moment)
        #expect(plain.text.contains("\n\nTOKEN\n") && plain.text.contains("for 60 minutes"))
        settings.resetLink = "https://shop.example/reset?email={email}&token={token}"
        let linked = ResetMail(settings: settings, token: "TO/KEN", seconds: 3_600).mail(to: user, now: moment)
        #expect(linked.text.contains("\n\nhttps://shop.example/reset?email=a%2Bb%40example.com&token=TO%2FKEN\n"))
    }
}
