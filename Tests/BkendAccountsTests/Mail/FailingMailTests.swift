import BkendAccounts
import BkendWire
import Foundation
import Logging
import Synchronization
import Testing

@Suite("Mails that can't be sent")
struct FailingMailTests {
    @Test("A mail past the bound is dropped and counted, and the answer is the same")
    func dropped() async throws {
        let fixture = try AccountsFixture()
        try await fixture.signUp()
        let failures = Mutex(0)
        let accounts = Accounts(
            AccountsConfiguration(audience: "shop/dev"), database: fixture.database,
            tokens: TokenAuthority(keys: fixture.keyFile), hasher: fixture.hasher,
            mail: try MailFolder(fixture.folder.path + "/mail"),
            logger: Logger(label: "accounts-tests", factory: { _ in SwiftLogNoOpLogHandler() }), mailBound: 0,
            mailFailed: { failures.withLock { $0 += 1 } }, now: { [clock = fixture.clock] in clock.now })
        let answer = try await accounts.requestPasswordReset(
            ["email": "ada@example.com"], client: AccountsFixture.client, requestID: "r-1")
        #expect(answer.status == 200)
        await accounts.drained()
        #expect(failures.withLock { $0 } == 1)
        #expect(try fixture.mails().isEmpty)
    }
}
