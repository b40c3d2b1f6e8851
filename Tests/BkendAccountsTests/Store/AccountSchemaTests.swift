import BkendServer
import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendAccounts

@Suite("The accounts' tables")
struct AccountSchemaTests {
    @Test("Preparing again changes nothing, and every table has the prefix")
    func idempotent() throws {
        let queue = try DatabaseQueue()
        let schema = try (0..<3).map { _ in
            try queue.write { db in
                try AccountSchema.prepare(session(db))
                return try String.fetchAll(db, sql: "SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY name")
            }
        }
        #expect(schema[0] == schema[1] && schema[1] == schema[2])
        let names = try queue.read { db in
            try String.fetchAll(db, sql: "SELECT tbl_name FROM sqlite_master")
        }
        #expect(!names.isEmpty && names.allSatisfy { $0.hasPrefix("account_") })
    }

    @Test("Accounts of the first format are migrated: users stay, and can be disabled")
    func migration() throws {
        let queue = try DatabaseQueue()
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE account_schema (version INTEGER NOT NULL) STRICT")
            try db.execute(sql: AccountSchema.steps[0])
            try db.execute(sql: "INSERT INTO account_schema (version) VALUES (1)")
            try db.execute(
                sql: """
                    INSERT INTO account_users (id, role, email, emailFolded, searchText, onboardingStatus, createdAt,
                        updatedAt) VALUES ('u', 'user', 'a@example.com', 'a@example.com', '', '', 1, 2)
                    """)
            try AccountSchema.prepare(session(db))
            try AccountSchema.prepare(session(db))
            #expect(try Int.fetchAll(db, sql: "SELECT version FROM account_schema") == [AccountSchema.version])
            let user = try #require(try UserStore.user(session(db), id: "u"))
            #expect(user.email == "a@example.com" && user.disabledAt == nil)
            let now = Timestamp(clamping: 3)
            let disabled = try #require(try UserStore.disable(session(db, at: now), id: "u"))
            #expect(disabled.disabledAt == now)
        }
    }

    @Test(
        "A token to reset a password stays good through the migration to several of them, and their number is bounded")
    func resetTokens() throws {
        let queue = try DatabaseQueue()
        let now = Timestamp(clamping: 1_000)
        let later = Timestamp(clamping: 2_000)
        let email = try #require(EmailAddress("a@example.com"))
        let old = Data(repeating: 7, count: 32)
        try queue.write { db in
            try db.execute(sql: "CREATE TABLE account_schema (version INTEGER NOT NULL) STRICT")
            for step in AccountSchema.steps[..<2] { try db.execute(sql: step) }
            try db.execute(sql: "INSERT INTO account_schema (version) VALUES (2)")
            try db.execute(
                sql: """
                    INSERT INTO account_users (id, role, email, emailFolded, searchText, onboardingStatus, createdAt,
                        updatedAt) VALUES ('u', 'user', 'a@example.com', 'a@example.com', '', '', 1, 2)
                    """)
            try db.execute(
                sql: "INSERT INTO account_resets (userId, tokenHash, expiresAt) VALUES ('u', ?, 2000)",
                arguments: [old])
            try AccountSchema.prepare(session(db))
            #expect(try ResetStore.user(session(db), hash: old, email: email, now: now)?.id == "u")
            #expect(try ResetStore.newestExpiry(session(db), userID: "u") == later)
            // Of tokens that expire at the same moment the one that was just mailed stays in any case.
            for number in UInt8(0)..<UInt8(3 * ResetStore.mostTokens) {
                let hash = Data(repeating: number ^ 0xAA, count: 32)
                try ResetStore.add(session(db), hash: hash, userID: "u", expiresAt: later, now: now)
                #expect(try ResetStore.user(session(db), hash: hash, email: email, now: now)?.id == "u")
            }
            #expect(
                try Int.fetchOne(db, sql: "SELECT count(*) FROM account_reset_tokens") == ResetStore.mostTokens)
            let last = Data(repeating: 1, count: 32)
            try ResetStore.add(session(db), hash: last, userID: "u", expiresAt: Timestamp(clamping: 3_000), now: later)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM account_reset_tokens") == 1)
        }
    }

    @Test("A newer format is refused and left as it is")
    func newer() throws {
        let queue = try DatabaseQueue()
        try queue.write { db in
            try AccountSchema.prepare(session(db))
            try db.execute(sql: "UPDATE account_schema SET version = ?", arguments: [AccountSchema.version + 1])
        }
        #expect(throws: AccountsFailure.self) { try queue.write { db in try AccountSchema.prepare(session(db)) } }
    }

    @Test("Checking a session is two searches by primary key")
    func plan() throws {
        let queue = try DatabaseQueue()
        let plan = try queue.write { db in
            try AccountSchema.prepare(session(db))
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + SessionSQL.check, arguments: ["a", "b"])
                .map { $0["detail"] as String }
        }
        #expect(
            plan == [
                "SEARCH s USING PRIMARY KEY (id=?)", "SEARCH u USING PRIMARY KEY (id=?)",
            ])
    }

    @Test("Every statement can be prepared")
    func statements() throws {
        let queue = try DatabaseQueue()
        try queue.write { db in
            try AccountSchema.prepare(session(db))
            for sql in UserSQL.all + SessionSQL.all + ResetSQL.all { _ = try db.makeStatement(sql: sql) }
        }
    }

    private func session(_ db: Database, at now: Timestamp = Timestamp(clamping: 0)) -> SQLiteSession {
        SQLiteSession(db, clock: { now })
    }
}
