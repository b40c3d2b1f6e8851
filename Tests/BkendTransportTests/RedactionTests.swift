import BkendTransport
import Testing

struct RedactionTests {
    @Test(
        "A secret is blotted out",
        arguments: [
            ("key pk_abcdef0123 here", "key pk_… here"),
            ("sk_live_0123456789-abc.", "sk_…."),
            ("Authorization: Bearer abc.def.ghi-123", "Authorization: …"),
            ("sent Bearer abc.def.ghi-123 to it", "sent Bearer … to it"),
            ("X-API-Key: 1234", "X-API-Key: …"),
            ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "token eyJ… end"),
            (#"{"password":"p\"w,d","name":"x"}"#, #"{"password":"…","name":"x"}"#),
            (#"{"refreshToken": "abc"}"#, #"{"refreshToken": "…"}"#),
            (#"{"refresh_token":"abc","a":1}"#, #"{"refresh_token":"…","a":1}"#),
            (#"\"accessToken\":\"abc\",\"a\":1"#, #"\"accessToken\":\"…\",\"a\":1"#),
            ("a=1&password=hunter2&b=2", "a=1&password=…&b=2"),
            ("Set-Cookie: session=1; Path=/", "Set-Cookie: …; Path=/"),
            (#"{"password":"unfinished"#, #"{"password":"…"#),
            (#"{"password":"trailing\"#, #"{"password":"…"#),
        ])
    func secretBlottedOut(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test(
        "Everything else stays",
        arguments: [
            "", "nothing to hide", "pk_", "a pk_ of sorts", "the password is wrong", "ask_everybody_now",
            "Bearer of news",
            "eye", #"{"title":"Tokens","count":3}"#, "é 🙂 ∀",
        ])
    func everythingElseStays(text: String) {
        #expect(Redaction.redact(text) == text)
    }

    @Test(
        "A URL loses query, fragment and user",
        arguments: [
            ("https://user:secret@host:1/a/b?key=pk_1#x", "https://host:1/a/b"), ("http://h/a@b", "http://h/a@b"),
            ("http://h/keys/pk_0123456789", "http://h/keys/pk_…"), ("h/a?b", "h/a"), ("http://h", "http://h"),
        ])
    func urlLosesQuery(url: String, expected: String) {
        #expect(Redaction.withoutQuery(url) == expected)
    }

    @Test("Fields with credentials are known")
    func fieldsCredentialsKnown() {
        #expect(Redaction.isSecretField(named: "X-Api-Key"))
        #expect(Redaction.isSecretField(named: "authorization"))
        #expect(!Redaction.isSecretField(named: "Accept"))
    }
}
