import BkendStorage

/// The accounts' tables in an environment's SQLite database, all with names in `account_`. Times are milliseconds since
/// 1970.
///
/// The version is kept in a table of our own, since `user_version` belongs to whoever owns the file.
package enum AccountSchema {
    /// The version that this code reads and writes.
    static let version = steps.count

    /// Makes or migrates the tables, inside the caller's transaction.
    ///
    /// - Throws: `AccountsFailure` when a newer version of the server has been here.
    package static func prepare(_ db: any SQLTransaction) throws {
        try db.script("CREATE TABLE IF NOT EXISTS account_schema (version INTEGER NOT NULL) STRICT")
        let found = try db.count("SELECT version FROM account_schema")
        guard found <= version else {
            throw AccountsFailure(
                "the accounts are of format \(found), this server knows \(version): start the newer server again")
        }
        guard found < version else { return }
        for step in steps[found...] { try db.script(step) }
        try db.execute("DELETE FROM account_schema")
        try db.execute("INSERT INTO account_schema (version) VALUES (?)", version)
    }

    /// What leads from each version to the next. A step that was released never changes.
    static let steps = [
        """
        CREATE TABLE account_users (
            id TEXT NOT NULL PRIMARY KEY,
            role TEXT NOT NULL,
            name TEXT, nickname TEXT, image TEXT,
            email TEXT NOT NULL,
            emailFolded TEXT UNIQUE,             -- NULL once deleted: the address is free again
            searchText TEXT NOT NULL,            -- name, nickname and address in lower case
            emailVerified INTEGER,
            onboardingStatus TEXT NOT NULL,
            createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL, deletedAt INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX account_users_by_creation ON account_users (createdAt, id) WHERE deletedAt IS NULL;

        CREATE TABLE account_passwords (
            userId TEXT NOT NULL PRIMARY KEY REFERENCES account_users (id) ON DELETE CASCADE,
            hash TEXT NOT NULL,                  -- PHC string: algorithm, parameters, salt, hash
            changedAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE account_sessions (
            id TEXT NOT NULL PRIMARY KEY,
            userId TEXT NOT NULL REFERENCES account_users (id) ON DELETE CASCADE,
            userAgent TEXT, ipAddress TEXT, deviceInfo TEXT,
            lastActivityAt INTEGER NOT NULL, createdAt INTEGER NOT NULL, endedAt INTEGER,
            tagKey BLOB NOT NULL,                -- authenticates the session's refresh tokens, of any generation
            generation INTEGER NOT NULL,         -- of the refresh token that is good now
            tokenHash BLOB NOT NULL,             -- SHA-256 of its secret
            issuedAt INTEGER NOT NULL,
            previousHash BLOB,                   -- SHA-256 of its predecessor's secret
            rotationSecret BLOB                  -- with the predecessor, but not alone, gives the same pair again
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX account_sessions_by_user ON account_sessions (userId, createdAt);
        CREATE INDEX account_sessions_by_activity ON account_sessions (lastActivityAt);

        CREATE TABLE account_resets (
            userId TEXT NOT NULL PRIMARY KEY REFERENCES account_users (id) ON DELETE CASCADE,
            tokenHash BLOB NOT NULL UNIQUE,      -- SHA-256 of the token in the mail
            expiresAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
        """
        ALTER TABLE account_users ADD COLUMN disabledAt INTEGER;
        """,
        """
        CREATE TABLE account_reset_tokens (      -- several of a user may be good at the same time
            tokenHash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the token in the mail
            userId TEXT NOT NULL REFERENCES account_users (id) ON DELETE CASCADE,
            expiresAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX account_reset_tokens_by_user ON account_reset_tokens (userId, expiresAt);
        INSERT INTO account_reset_tokens (tokenHash, userId, expiresAt)
            SELECT tokenHash, userId, expiresAt FROM account_resets;
        DROP TABLE account_resets;
        """,
    ]
}
