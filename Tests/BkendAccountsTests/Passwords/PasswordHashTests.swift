import BkendWire
import Testing

@testable import BkendAccounts

@Suite("Password hashes")
struct PasswordHashTests {
    static let cheap = AccountsFixture.cheap

    @Test(
        "scrypt is RFC 7914's",
        arguments: [
            ("pleaseletmein", "SodiumChloride", 14, 8, 1, "7023bdcb3afd7348461c06cd81fd38eb"),
            ("password", "NaCl", 10, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe"),
        ])
    func vectors(password: String, salt: String, ln: Int, r: Int, p: Int, expected: String) async throws {
        let parameters = try ScryptParameters(logarithmOfRounds: ln, blockSize: r, parallelism: p)
        let hash = try await ScryptHasher().scrypt(
            Array(password.utf8), salt: Array(salt.utf8), parameters: parameters, length: 64)
        #expect(hash.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test("At OWASP's parameters a password checks against its stored text")
    func real() async throws {
        #expect(ScryptParameters.owasp == (try ScryptParameters(logarithmOfRounds: 17, blockSize: 8, parallelism: 1)))
        let passwords = Passwords(hasher: ScryptHasher(), parameters: .owasp, random: .system)
        let text = try await passwords.hash(Password("abc123")).description
        let stored = try #require(PasswordHash(text))
        #expect(text.wholeMatch(of: /\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+\/]{22}\$[A-Za-z0-9+\/]{43}/) != nil)
        #expect(try await passwords.check(Password("abc123"), against: stored) == .right)
    }

    @Test("One password hashed twice gives two texts")
    func salts() async throws {
        let passwords = Passwords(hasher: ScryptHasher(), parameters: Self.cheap, random: .system)
        let first = try await passwords.hash(Password("abc123"))
        let second = try await passwords.hash(Password("abc123"))
        #expect(first.salt != second.salt && first.hash != second.hash)
        #expect(try await passwords.check(Password("abc123"), against: second) == .right)
        #expect(try await passwords.check(Password("abc124"), against: second) == .wrong)
    }

    @Test("A password is the same in both Unicode forms, and no password is cut")
    func forms() async throws {
        let passwords = Passwords(hasher: ScryptHasher(), parameters: Self.cheap, random: .system)
        let composed = try await passwords.hash(Password("caf\u{E9}12"))
        #expect(try await passwords.check(Password("cafe\u{301}12"), against: composed) == .right)
        let long = String(repeating: "x", count: 400)
        let stored = try await passwords.hash(Password(long))
        #expect(try await passwords.check(Password(long + "y"), against: stored) == .wrong)
    }

    @Test("Nothing is ever right where no hash is stored, not even an empty password")
    func decoy() async throws {
        let passwords = Passwords(
            hasher: ScryptHasher(), parameters: Self.cheap, random: RandomBytes { [UInt8](repeating: 0, count: $0) })
        #expect(try await passwords.check(Password(""), against: nil) == .wrong)
        #expect(try await passwords.check(Password("abc123"), against: nil) == .wrong)
    }

    @Test("The text goes there and back")
    func roundTrip() throws {
        let hash = PasswordHash(
            parameters: try ScryptParameters(logarithmOfRounds: 15, blockSize: 16, parallelism: 3),
            salt: Array(0..<16), hash: Array(100..<132))
        #expect(
            hash.description
                == "$scrypt$ln=15,r=16,p=3$AAECAwQFBgcICQoLDA0ODw$ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM")
        #expect(PasswordHash(hash.description) == hash)
    }

    @Test(
        "What is no such text is refused, above all one that asks for endless work",
        arguments: [
            "", "$", "abc123", "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw",
            "$argon2id$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=30,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=20,r=32,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=0,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=4,r=8,p=99999999999999999999$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$r=8,ln=4,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=4,r=8,p=1,x=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
            "$scrypt$ln=4,r=8,p=1$$AAECAwQFBgcICQoLDA0ODw", "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$",
            "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw==$AAECAwQFBgcICQoLDA0ODw",
        ])
    func malformed(text: String) { #expect(PasswordHash(text) == nil) }

    @Test("A password doesn't show itself")
    func redaction() {
        #expect("\(Password("abc123"))" == "(a password)")
    }
}

@Suite("Password policy")
struct PasswordPolicyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let password: String
        let code: String?
        var policy = PasswordPolicy()
        var testDescription: String { "\(password.prefix(20)) → \(code ?? "taken")" }
    }

    static var strict: PasswordPolicy {
        var policy = PasswordPolicy()
        policy.minimumLength = 10
        policy.needsBothCases = true
        policy.needsDigit = true
        policy.needsSymbol = true
        return policy
    }

    @Test(
        "A new password is taken or refused by the table",
        arguments: [
            Row(password: "abc123", code: nil), Row(password: "      ", code: nil), Row(password: "비밀번호입니다", code: nil),
            Row(password: "abc12", code: "auth/weak-password"), Row(password: "", code: "auth/weak-password"),
            // Six bytes and scalars, but two letters to whoever types them.
            Row(password: "e\u{301}\u{302}e\u{301}\u{302}", code: "auth/weak-password"),
            Row(password: "abc\n123", code: "auth/invalid-password-format"),
            Row(password: "abc\u{7F}123", code: "auth/invalid-password-format"),
            Row(password: String(repeating: "x", count: 512), code: nil),
            Row(password: String(repeating: "x", count: 513), code: "auth/invalid-password-format"),
            Row(password: "Abcdef12345!", code: nil, policy: strict),
            Row(password: "abcdef12345!", code: "auth/weak-password", policy: strict),
            Row(password: "Abcdefghijk!", code: "auth/weak-password", policy: strict),
            Row(password: "Abcdef123456", code: "auth/weak-password", policy: strict),
            Row(password: "Abcde1!", code: "auth/weak-password", policy: strict),
        ])
    func table(row: Row) async {
        #expect(await code { try row.policy.check(row.password, field: "password") } == row.code)
    }

    @Test("The answer names everything that is missing, and not the password")
    func message() {
        let error = #expect(throws: ErrorBody.self) { try Self.strict.check("secret", field: "newPassword") }
        #expect(
            error?.message
                == "newPassword needs at least 10 characters, a lower-case and an upper-case letter, a digit, a symbol")
        #expect(error?.details.first?.field == "newPassword")
    }
}
