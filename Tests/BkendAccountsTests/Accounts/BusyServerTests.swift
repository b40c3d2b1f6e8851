import BkendAccounts
import BkendWire
import Testing

@Suite("A server that is busy checking passwords")
struct BusyServerTests {
    @Test("An attempt that it was too busy for doesn't count against the client")
    func doesNotCount() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        let hasher = HeldHasher()
        let accounts = try fixture.reopened(hasher: hasher)
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
