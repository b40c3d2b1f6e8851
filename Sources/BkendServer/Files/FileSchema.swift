import BkendStorage

/// The tables of files in an environment's SQLite database, all with names in `file_`. Times are milliseconds since 1970.
///
/// The version is kept in a table of our own, since `user_version` belongs to whoever owns the database's file.
enum FileSchema {
    /// The version that this code reads and writes.
    static var version: Int { steps.count }

    /// Makes or migrates the tables, inside the caller's transaction.
    ///
    /// - Throws: `OperatorError` when a newer version of the server has been here.
    static func prepare(_ db: any SQLTransaction) throws {
        try db.script("CREATE TABLE IF NOT EXISTS file_schema (version INTEGER NOT NULL) STRICT")
        let found = try db.count("SELECT version FROM file_schema")
        guard found <= version else {
            throw OperatorError(
                "the files are of format \(found), this server knows \(version): start the newer server again")
        }
        guard found < version else { return }
        for step in steps[found...] { try db.script(step) }
        try db.execute("DELETE FROM file_schema")
        try db.execute("INSERT INTO file_schema (version) VALUES (?)", version)
    }

    /// What leads from each version to the next. A step that was released never changes.
    static let steps = [
        """
        CREATE TABLE file_uploads (              -- keys that were issued, those of files for ever
            key TEXT NOT NULL PRIMARY KEY,       -- CATEGORY/<32 hex>/NAME
            fileId TEXT NOT NULL UNIQUE,         -- the id of the record to come
            userId TEXT,                         -- who may register it; NULL for a secret key
            visibility TEXT,                     -- NULL where none was named
            type TEXT NOT NULL, name TEXT NOT NULL, category TEXT NOT NULL,
            announced INTEGER,                   -- the size that was named, if any
            expiresAt INTEGER NOT NULL,          -- when its last address ends
            state TEXT NOT NULL CHECK (state IN ('issued', 'stored', 'registered', 'deleted', 'closed')),
            content TEXT, bytes INTEGER, sha256 BLOB, storedAt INTEGER,
            uploadId TEXT,                       -- of one in parts; the content that the parts are of
            createdAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX file_uploads_by_user ON file_uploads (userId) WHERE state IN ('issued', 'stored');
        CREATE INDEX file_uploads_by_content ON file_uploads (content);
        CREATE INDEX file_uploads_open ON file_uploads (expiresAt) WHERE state IN ('issued', 'stored', 'closed');

        CREATE TABLE files (                     -- the records of registered files
            id TEXT NOT NULL PRIMARY KEY,
            key TEXT NOT NULL UNIQUE REFERENCES file_uploads (key),
            content TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB, storedAt INTEGER NOT NULL,
            name TEXT NOT NULL, type TEXT NOT NULL, width INTEGER, height INTEGER,
            visibility TEXT NOT NULL CHECK (visibility IN ('private', 'protected', 'shared', 'public')),
            bucket TEXT NOT NULL,
            ownerId TEXT, ownerType TEXT NOT NULL,
            metadata TEXT NOT NULL,              -- a JSON object
            searchText TEXT NOT NULL,            -- the name in lower case
            createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX files_by_content ON files (content);
        CREATE INDEX files_by_creation ON files (createdAt, id);
        CREATE INDEX files_by_owner ON files (ownerId, createdAt);

        CREATE TABLE file_shares (               -- whom a file of visibility 'shared' is shown
            fileId TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
            userId TEXT NOT NULL,
            PRIMARY KEY (userId, fileId)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX file_shares_by_file ON file_shares (fileId);

        CREATE TABLE file_objects (              -- every object of the storage that anything still needs
            name TEXT NOT NULL PRIMARY KEY,
            content TEXT NOT NULL,               -- the content whose piece it is
            position INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            droppedAt INTEGER                    -- since when no row needs its content any more
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX file_objects_by_content ON file_objects (content, position, droppedAt, bytes);
        CREATE INDEX file_objects_dropped ON file_objects (droppedAt) WHERE droppedAt IS NOT NULL;
        """,
        """
        ALTER TABLE file_uploads DROP COLUMN createdAt;
        ALTER TABLE file_uploads                 -- 1: bytes that were promised to stay though nobody registers them
            ADD COLUMN stays INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE file_uploads                 -- 1: of a file that another server registered
            ADD COLUMN isImported INTEGER NOT NULL DEFAULT 0;
        DROP INDEX file_uploads_by_user;
        CREATE INDEX file_uploads_by_user ON file_uploads (userId, stays) WHERE state IN ('issued', 'stored');
        CREATE UNIQUE INDEX file_uploads_by_parts ON file_uploads (uploadId) WHERE uploadId IS NOT NULL;
        CREATE INDEX file_uploads_imported ON file_uploads (isImported) WHERE isImported = 1;
        DROP INDEX file_uploads_open;
        CREATE INDEX file_uploads_open ON file_uploads (expiresAt)
            WHERE state IN ('issued', 'stored', 'closed') AND stays = 0;

        ALTER TABLE file_objects ADD COLUMN sha256 BLOB;
        ALTER TABLE file_objects ADD COLUMN userId TEXT;  -- whose bytes they are; NULL for a secret key
        UPDATE file_objects SET
            sha256 = (SELECT u.sha256 FROM file_uploads u WHERE u.content = file_objects.name),
            userId = (SELECT u.userId FROM file_uploads u
                WHERE u.content = file_objects.content OR u.uploadId = file_objects.content);

        CREATE TABLE file_usage (                -- the sums of the objects' bytes, kept by the triggers below
            userId TEXT NOT NULL PRIMARY KEY,    -- '' for all users and secret keys
            used INTEGER NOT NULL,
            dropped INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER file_objects_come AFTER INSERT ON file_objects BEGIN
            INSERT INTO file_usage (userId, used, dropped) VALUES ('', NEW.bytes, 0)
                ON CONFLICT (userId) DO UPDATE SET used = used + NEW.bytes;
            INSERT INTO file_usage (userId, used, dropped) SELECT NEW.userId, NEW.bytes, 0 WHERE NEW.userId IS NOT NULL
                ON CONFLICT (userId) DO UPDATE SET used = used + NEW.bytes;
        END;
        CREATE TRIGGER file_objects_drop AFTER UPDATE OF droppedAt ON file_objects
            WHEN OLD.droppedAt IS NULL AND NEW.droppedAt IS NOT NULL
        BEGIN
            UPDATE file_usage SET used = used - OLD.bytes, dropped = dropped + OLD.bytes
                WHERE userId = '' OR userId = OLD.userId;
        END;
        CREATE TRIGGER file_objects_go AFTER DELETE ON file_objects BEGIN
            UPDATE file_usage SET used = used - iif(OLD.droppedAt IS NULL, OLD.bytes, 0),
                    dropped = dropped - iif(OLD.droppedAt IS NULL, 0, OLD.bytes)
                WHERE userId = '' OR userId = OLD.userId;
            DELETE FROM file_usage WHERE userId = OLD.userId AND used = 0 AND dropped = 0;
        END;
        INSERT INTO file_usage (userId, used, dropped)
            SELECT '', coalesce(sum(iif(droppedAt IS NULL, bytes, 0)), 0),
                coalesce(sum(iif(droppedAt IS NULL, 0, bytes)), 0) FROM file_objects;
        INSERT INTO file_usage (userId, used, dropped)
            SELECT userId, sum(iif(droppedAt IS NULL, bytes, 0)), sum(iif(droppedAt IS NULL, 0, bytes))
            FROM file_objects WHERE userId IS NOT NULL GROUP BY userId;
        """,
    ]
}
