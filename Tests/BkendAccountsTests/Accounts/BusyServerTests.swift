#if Server
import BkendAccounts
import BkendWire
import Logging
import Testing

@Suite("A server that is busy checking passwords")
struct BusyServerTests {
    @Test("An attempt that it was too busy for doesn't count against the client")
    func doesNotCount() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        // No computation may wait, and the only slot is taken.
        let hasher = HeldHasher()
        var configuration = AccountsConfiguration(audience: "shop/dev")
        configuration.scrypt = AccountsFixture.cheap
        let clock = fixture.clock
        let accounts = Accounts(
            configuration, database: fixture.database, tokens: TokenAuthority(file: fixture.keyFile), hasher: hasher,
            mail: try MailFolder(fixture.folder.path + "/mail"),
            logger: Logger(label: "accounts-tests", factory: { _ in SwiftLogNoOpLogHandler() }), now: { clock.now })
        let body: JSONObject = ["email": "ada@example.com", "password": "abc123"]
        for _ in 0..<20 {
            #expect(
                await code { try await accounts.signIn(body, client: AccountsFixture.client) }
                    == "auth/too-many-requests")
        }
        hasher.release()
        #expect(await code { try await accounts.signIn(body, client: AccountsFixture.client) } == nil)
    }
}
#endif
