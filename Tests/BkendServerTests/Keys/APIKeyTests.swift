import BkendAccounts
import BkendWire
import HTTPTypes
import Testing

@testable import BkendServer

@Suite struct APIKeyTests {
    @Test("A new key has the documented form and reads back")
    func form() throws {
        var random = SystemRandomNumberGenerator()
        for kind in [APIKey.Kind.publishable, .secret] {
            let key = APIKey(kind, using: &random)
            #expect(key.text.utf8.count == 67)
            #expect(APIKey(key.text)?.kind == kind)
            #expect(APIKey(key.text)?.digest == key.digest)
            #expect(KeyDigest(key.digest.data) == key.digest)
        }
        #expect(APIKey(.secret, using: &random).text != APIKey(.secret, using: &random).text)
    }

    @Test("What has another form is no key", arguments: ["", "pk_", "xk_", "sk", "pk-", "Pk_"])
    func malformed(prefix: String) {
        #expect(APIKey(prefix + String(repeating: "a", count: 63)) == nil)
        #expect(APIKey(prefix + String(repeating: "A", count: 64)) == nil)
        #expect(APIKey(prefix + String(repeating: "g", count: 64)) == nil)
    }

    @Test("The digest is SHA-256 of the text")
    func digest() {
        // FIPS 180-2, appendix B.1: begins ba7816bf, ends f20015ad.
        let digest = KeyDigest(of: "abc").data
        #expect(digest.count == 32)
        #expect(digest.prefix(4).elementsEqual([0xBA, 0x78, 0x16, 0xBF]))
        #expect(digest.suffix(4).elementsEqual([0xF2, 0x00, 0x15, 0xAD]))
    }

    @Test("A key never shows itself")
    func description() {
        var random = SystemRandomNumberGenerator()
        let key = APIKey(.secret, using: &random)
        #expect("\(key)" == "sk_…")
    }

    static let pk = "pk_" + String(repeating: "a", count: 64)

    @Test("The key may stand in X-API-Key or in Authorization")
    func headers() throws {
        #expect(try Credentials([.apiKey: Self.pk]).key == Self.pk)
        #expect(try Credentials([.authorization: "Bearer \(Self.pk)"]).key == Self.pk)
        let both = try Credentials([.apiKey: Self.pk, .authorization: "bearer a.b.c"])
        #expect(both.key == Self.pk)
        #expect(both.token == "a.b.c")
        #expect(try Credentials([.apiKey: Self.pk, .authorization: "Bearer \(Self.pk)"]).token == nil)
    }

    @Test("A missing key is 400, another scheme 401")
    func refused() {
        for headers: HTTPFields in [[:], [.apiKey: ""], [.authorization: "Bearer a.b.c"]] {
            let error = #expect(throws: ErrorBody.self) { try Credentials(headers) }
            #expect(error?.code == .invalidHeader)
        }
        let error = #expect(throws: ErrorBody.self) { try Credentials([.apiKey: Self.pk, .authorization: "Basic x"]) }
        #expect(error?.code == .invalidTokenFormat)
    }

    @Test(
        "A scope names a table and an operation, either of them *",
        arguments: [
            ("posts:read", TableOperation.read, "posts", true), ("posts:read", .list, "posts", false),
            ("posts:*", .delete, "posts", true), ("*:list", .list, "any", true), ("*:*", .create, "any", true),
            ("posts:read", .read, "Posts", false),
        ])
    func scopes(text: String, operation: TableOperation, table: String, allowed: Bool) throws {
        #expect(try #require(KeyScope(text)).allows(operation, on: table) == allowed)
        #expect(KeyScope(text)?.description == text)
    }

    @Test("What is no scope allows nothing", arguments: ["", "posts", "posts:fly", ":read", "a:b:c", "a b:read", "*"])
    func badScopes(text: String) { #expect(KeyScope(text) == nil) }
}
