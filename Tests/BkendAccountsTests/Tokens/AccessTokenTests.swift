import BkendAccounts
import BkendWire
import Crypto
import Foundation
import Testing

@Suite("Access tokens")
struct AccessTokenTests {
    /// How a token is made that the server must refuse. Each is signed with the server's own key unless it says so, so
    /// that nothing but the named flaw can be the reason.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String?
        var header: @Sendable (inout JSONObject) -> Void = { _ in }
        var claims: @Sendable (inout JSONObject) -> Void = { _ in }
        var signature: @Sendable (_ message: [UInt8], _ key: [UInt8]) -> [UInt8] = hs256
        var token: @Sendable (String) -> String = { $0 }
    }

    static let hs256: @Sendable ([UInt8], [UInt8]) -> [UInt8] = { message, key in
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }
    static let hs512: @Sendable ([UInt8], [UInt8]) -> [UInt8] = { message, key in
        Array(HMAC<SHA512>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    static let forgeries = [
        Forgery(testDescription: "unaltered", code: nil),
        Forgery(testDescription: "alg none, good MAC", code: "auth/invalid-token", header: { $0["alg"] = "none" }),
        Forgery(
            testDescription: "alg none, no MAC", code: "auth/invalid-token", header: { $0["alg"] = "none" },
            signature: { _, _ in [] }),
        Forgery(
            testDescription: "alg None, good MAC", code: "auth/invalid-token", header: { $0["alg"] = "None" }),
        Forgery(
            testDescription: "HS512", code: "auth/invalid-token", header: { $0["alg"] = "HS512" }, signature: hs512),
        Forgery(testDescription: "HS512 said, HS256 done", code: "auth/invalid-token", header: { $0["alg"] = "HS512" }),
        Forgery(testDescription: "HS256 said, HS512 done", code: "auth/invalid-token", signature: hs512),
        Forgery(testDescription: "RS256 said", code: "auth/invalid-token", header: { $0["alg"] = "RS256" }),
        Forgery(testDescription: "alg missing", code: "auth/invalid-token", header: { $0["alg"] = nil }),
        Forgery(testDescription: "alg no string", code: "auth/invalid-token", header: { $0["alg"] = ["HS256"] }),
        Forgery(testDescription: "typ wrong", code: "auth/invalid-token", header: { $0["typ"] = "refresh" }),
        Forgery(testDescription: "typ missing", code: "auth/invalid-token", header: { $0["typ"] = nil }),
        Forgery(testDescription: "kid missing", code: "auth/invalid-token", header: { $0["kid"] = nil }),
        Forgery(testDescription: "kid unknown", code: "auth/invalid-token", header: { $0["kid"] = "unknown" }),
        Forgery(testDescription: "kid empty", code: "auth/invalid-token", header: { $0["kid"] = "" }),
        Forgery(testDescription: "crit", code: "auth/invalid-token", header: { $0["crit"] = ["exp"] }),
        Forgery(testDescription: "jwk", code: "auth/invalid-token", header: { $0["jwk"] = ["kty": "oct"] }),
        Forgery(
            testDescription: "another key", code: "auth/invalid-token",
            signature: { message, _ in hs256(message, [UInt8](repeating: 7, count: 32)) }),
        Forgery(
            testDescription: "empty key", code: "auth/invalid-token", signature: { message, _ in hs256(message, []) }),
        Forgery(
            testDescription: "expired", code: "auth/token-expired",
            claims: { $0["exp"] = .int(($0["iat"]?.intValue ?? 0) - 1) }),
        Forgery(
            testDescription: "expires now", code: "auth/token-expired", claims: { $0["exp"] = $0["iat"] }),
        Forgery(testDescription: "exp missing", code: "auth/invalid-token", claims: { $0["exp"] = nil }),
        Forgery(testDescription: "exp no number", code: "auth/invalid-token", claims: { $0["exp"] = "never" }),
        Forgery(
            testDescription: "nbf in future", code: "auth/invalid-token",
            claims: { $0["nbf"] = .int(($0["iat"]?.intValue ?? 0) + 61) }),
        Forgery(
            testDescription: "nbf within leeway", code: nil,
            claims: { $0["nbf"] = .int(($0["iat"]?.intValue ?? 0) + 60) }),
        Forgery(
            testDescription: "iat in future", code: "auth/invalid-token",
            claims: { $0["iat"] = .int(($0["iat"]?.intValue ?? 0) + 61) }),
        Forgery(
            testDescription: "aud of another environment", code: "data/project-access-denied",
            claims: { $0["aud"] = "shop/prod" }),
        Forgery(
            testDescription: "aud of several", code: "auth/invalid-token",
            claims: { $0["aud"] = ["shop/dev", "shop/prod"] }),
        Forgery(testDescription: "iss of another", code: "auth/invalid-token", claims: { $0["iss"] = "someone" }),
        Forgery(testDescription: "sub of another", code: "auth/session-expired", claims: { $0["sub"] = "someone" }),
        Forgery(testDescription: "sid unknown", code: "auth/session-expired", claims: { $0["sid"] = "unknown" }),
        Forgery(testDescription: "sid missing", code: "auth/invalid-token", claims: { $0["sid"] = nil }),
        Forgery(
            testDescription: "signature cut", code: "auth/invalid-token",
            signature: { Array(hs256($0, $1).prefix(16)) }),
        Forgery(testDescription: "signature missing", code: "auth/invalid-token", signature: { _, _ in [] }),
        Forgery(
            testDescription: "two parts", code: "auth/invalid-token-format",
            token: { $0.split(separator: ".").dropLast().joined(separator: ".") }),
        Forgery(testDescription: "four parts", code: "auth/invalid-token-format", token: { $0 + ".AAAA" }),
        Forgery(testDescription: "padding", code: "auth/invalid-token-format", token: { $0 + "=" }),
        Forgery(testDescription: "a space", code: "auth/invalid-token-format", token: { $0 + " " }),
        Forgery(testDescription: "empty", code: "auth/invalid-token-format", token: { _ in "" }),
        Forgery(testDescription: "garbage", code: "auth/invalid-token-format", token: { _ in "not.a.token" }),
        Forgery(testDescription: "dots", code: "auth/invalid-token-format", token: { _ in ".." }),
        Forgery(
            testDescription: "10 MB", code: "auth/invalid-token-format",
            token: { _ in String(repeating: "a.", count: 5_000_000) }),
        Forgery(
            testDescription: "an unused bit of the last letter set", code: "auth/invalid-token-format",
            token: { token in
                // 32 bytes end in a letter of two unused bits.
                let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
                let value = letters.firstIndex(of: token.last ?? "A") ?? 0
                return token.dropLast() + String(letters[value | 1])
            }),
        Forgery(
            testDescription: "alg twice in the header", code: "auth/invalid-token-format",
            token: { token in
                let header = base64(Array(#"{"alg":"HS256","alg":"none","kid":"x","typ":"JWT"}"#.utf8))
                return ([header] + token.split(separator: ".").dropFirst().map(String.init)).joined(separator: ".")
            }),
    ]

    @Test("A forged token is refused for its flaw", arguments: forgeries)
    func forgery(forgery: Forgery) async throws {
        let fixture = try AccountsFixture()
        let pair = try await fixture.signUp()
        let token = try forge(pair.access, by: forgery, key: signingKey(of: fixture))
        for attempt in ["first", "again"] {
            #expect(await code { try await fixture.accounts.authenticate(token) } == forgery.code, "\(attempt)")
        }
    }

    @Test("A token cut at any place is refused")
    func truncated() async throws {
        let fixture = try AccountsFixture()
        let token = try await fixture.signUp().access
        _ = try await fixture.accounts.authenticate(token)
        for length in 0..<token.count {
            let code = await code { try await fixture.accounts.authenticate(token.prefix(length)) }
            #expect(code == "auth/invalid-token" || code == "auth/invalid-token-format", "\(length)")
        }
    }

    @Test("A token lives one hour, to the second, also when it was verified before")
    func expiry() async throws {
        let fixture = try AccountsFixture()
        let token = try await fixture.signUp().access
        fixture.clock.advance(seconds: 3_599)
        _ = try await fixture.accounts.authenticate(token)
        fixture.clock.advance(seconds: 1)
        #expect(await code { try await fixture.accounts.authenticate(token) } == "auth/token-expired")
    }

    @Test("Another environment's token is told from a bad one, also when it was verified before")
    func otherEnvironment() async throws {
        let fixture = try AccountsFixture()
        let token = try await fixture.signUp().access
        let other = try fixture.reopened(audience: "shop/prod")
        for _ in 0..<2 {
            #expect(await code { try await other.authenticate(token) } == "data/project-access-denied")
        }
    }

    @Test("A token is refused at once when its session ends, and another session's is not")
    func endedSession() async throws {
        let fixture = try AccountsFixture()
        let first = try await fixture.signUp()
        let second = try await fixture.signIn()
        let caller = try await fixture.caller(first)
        _ = try await fixture.accounts.signOut(caller)
        #expect(await code { try await fixture.accounts.authenticate(first.access) } == "auth/session-expired")
        #expect(try await fixture.accounts.authenticate(second.access).userID == second.userID)
    }

    private func forge(_ token: String, by forgery: Forgery, key: [UInt8]) throws -> String {
        let parts = token.split(separator: ".")
        var header = try object(parts[0])
        var claims = try object(parts[1])
        forgery.header(&header)
        forgery.claims(&claims)
        let message = Self.base64(header.serialized()) + "." + Self.base64(claims.serialized())
        return forgery.token(message + "." + Self.base64(forgery.signature(Array(message.utf8), key)))
    }

    private func object(_ part: Substring) throws -> JSONObject {
        try #require(JSON(parsing: try Self.bytes(part)).objectValue)
    }

    private func signingKey(of fixture: AccountsFixture) throws -> [UInt8] {
        let path = fixture.folder.path + "/" + SigningKeyFile.defaultName
        let json = try JSON(parsing: try Data(contentsOf: URL(fileURLWithPath: path)))
        return try Self.bytes(try #require(json["keys"]?[0]?["secret"]?.stringValue))
    }

    static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func bytes(_ text: some StringProtocol) throws -> [UInt8] {
        let text = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return [UInt8](
            try #require(Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4))))
    }
}
