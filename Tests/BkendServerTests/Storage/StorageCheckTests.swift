import BkendAccounts
import BkendStorage
import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

/// What a request relied on is looked at again in its transaction.
@Suite struct StorageCheckTests {
    @Test(
        "A write whose caller's session has ended when its turn comes is a 401; so is a read", arguments: [true, false])
    func ended(isHostile: Bool) async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let name = try EnvironmentName(project: "p", environment: "e")
            let store =
                isHostile
                ? try HostileSource(clock: { .systemNow }).storage(of: name)
                : EnvironmentStore(try SQLiteEngine(path: folder + "/dev.sqlite"))
            try store.engine.prepareAccounts()
            try store.engine.writeNow(locking: [.user("u")]) { session in
                try session.execute(
                    """
                    INSERT INTO account_users (id, role, email, searchText, onboardingStatus, createdAt, updatedAt)
                    VALUES ('u', 'user', 'a@example.com', '', '', 1, 1)
                    """)
                try session.execute(
                    """
                    INSERT INTO account_sessions (id, userId, lastActivityAt, createdAt, tagKey, generation, tokenHash,
                        issuedAt) VALUES ('s', 'u', 1, 1, ?, 0, ?, 1)
                    """, Data([1]), Data([1]))
            }
            let check = try #require(StorageCheck(Caller(userID: "u", sessionID: "s")))
            #expect(try await store.write(locking: [], check: check) { _ in true })
            #expect(try await store.lookUp(check: check, limit: .seconds(60)) { _, _ in true })
            _ = try await store.write(locking: [.user("u")]) { session in
                try session.execute("UPDATE account_sessions SET endedAt = 2")
            }
            let write = await #expect(throws: ErrorBody.self) {
                try await store.write(locking: [], check: check) { _ in true }
            }
            let read = await #expect(throws: ErrorBody.self) {
                try await store.lookUp(check: check, limit: .seconds(60)) { _, _ in true }
            }
            #expect(write?.status == 401 && read?.status == 401)
        }
    }

    @Test("A key alone has no session that could end")
    func key() { #expect(StorageCheck(.secretKey) == nil && StorageCheck(.guest) == nil) }
}
