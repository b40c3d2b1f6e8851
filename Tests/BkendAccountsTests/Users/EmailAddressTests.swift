import Testing

@testable import BkendAccounts

@Suite("E-mail addresses")
struct EmailAddressTests {
    @Test(
        "Taken, with surrounding white space removed",
        arguments: [
            ("ada@example.com", "ada@example.com"), (" Ada@Example.COM\n", "ada@example.com"),
            ("a+tag@sub.example.co", "a+tag@sub.example.co"), ("o'neil@example.ie", "o'neil@example.ie"),
            ("x@1.de", "x@1.de"), ("r\u{C9}my@example.com", "r\u{E9}my@example.com"),
            ("rE\u{301}my@example.com", "r\u{E9}my@example.com"),
            ("user@b\u{FC}cher.example", "user@b\u{FC}cher.example"),
            ("사용자@예시.한국", "사용자@예시.한국"), ("a_b-c.d@x-y.example", "a_b-c.d@x-y.example"),
        ])
    func valid(text: String, folded: String) throws {
        let address = try #require(EmailAddress(text))
        #expect(Array(address.folded.utf8) == Array(folded.utf8))
        #expect(address == EmailAddress(folded))
    }

    @Test(
        "Refused",
        arguments: [
            "", "ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "a@b@example.com", "ada@.example.com",
            "ada@example..com", "ada@example.com.", ".ada@example.com", "ada.@example.com", "a..b@example.com",
            "ada@-example.com", "ada@example-.com", "ada lovelace@example.com", "ada@exam ple.com",
            "\"ada\"@example.com",
            "ada@[192.0.2.1]", "<ada@example.com>", "ada,eve@example.com", "ada@example.com\r\nBcc: eve@example.com",
            "ada\u{0}@example.com", "ada\u{200B}@example.com", "ada@example.com\u{202E}", "ada\u{A0}b@example.com",
            String(repeating: "x", count: 65) + "@example.com", "a@" + String(repeating: "x", count: 64) + ".com",
            "a@" + String(repeating: "abcdefgh.", count: 30) + "com", String(repeating: "x", count: 100_000),
        ])
    func invalid(text: String) { #expect(EmailAddress(text) == nil) }
}
