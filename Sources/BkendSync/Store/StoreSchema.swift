import BkendDocuments
import GRDB

/// The store's own tables and the steps from one format to the next.
///
/// `record` is always the id a record has now: the server's once known, else the local one. Renaming moves the rows.
enum StoreSchema {
    /// The format this version writes. `migrations[n]` leads from format n to n + 1.
    static var format: Int { migrations.count }

    /// Makes the tables in a new database, migrates an older one, refuses a newer one. All of it is one transaction of
    /// the caller's: a migration that was cut short leaves the older format.
    static func prepare(_ db: Database, by migrations: [String] = migrations) throws {
        let format = migrations.count
        var current = 0
        // GRDB remembers the schema of a writing connection; another process may have made the tables since.
        db.clearSchemaCache()
        if try db.tableExists("sync_meta") {
            let text = try db.first("SELECT value FROM sync_meta WHERE key = 'format'") { $0.text(0) }
            guard let format = text.flatMap(Int.init) else { throw StoreError(.damaged("no format in sync_meta")) }
            current = format
        }
        if current > format { throw StoreError(.newerFormat(current)) }
        if current == format { return }
        for migration in migrations[current...] { try db.execute(sql: migration) }
        try db.perform("INSERT OR REPLACE INTO sync_meta (key, value) VALUES ('format', ?)", .text(String(format)))
    }

    /// - Throws: `StoreError` unless a database has this version's format.
    static func requirePresent(_ db: Database) throws {
        let text = try db.first("SELECT value FROM sync_meta WHERE key = 'format'") { $0.text(0) }
        guard let current = text.flatMap(Int.init) else { throw StoreError(.damaged("no format in sync_meta")) }
        if current > format { throw StoreError(.newerFormat(current)) }
        if current < format {
            throw StoreError(
                .unusable(
                    "the store was created by an earlier version and can't be migrated, because it is read-only; "
                        + "make its folder writable, or free disk space, then open it again"))
        }
    }

    /// The shipped steps.
    static let migrations = [first, second, third, fourth, fifth, sixth, seventh, eighth]

    private static let first = """
        CREATE TABLE sync_meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        INSERT INTO sync_meta VALUES ('owner', ''), ('epoch', '0'), ('mark', '0'), ('outbox', '0'), ('clean', '1');

        -- The outbox. fields: what the write sets. before: the values it replaces, a field that was absent is absent.
        CREATE TABLE sync_entries (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            user TEXT NOT NULL,
            collection TEXT NOT NULL,
            record TEXT NOT NULL,
            kind TEXT NOT NULL,
            fields TEXT NOT NULL,
            before TEXT NOT NULL,
            state TEXT NOT NULL,
            epoch INTEGER NOT NULL DEFAULT 0,
            body TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            failure TEXT,
            made_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            client_key TEXT,
            -- Fields of a failed update that were set again, and by which entries: a retry leaves them alone.
            overwritten TEXT NOT NULL DEFAULT '{}'
        );
        CREATE INDEX sync_entries_lane ON sync_entries (collection, record, sequence);
        CREATE INDEX sync_entries_order ON sync_entries (collection, state, sequence);
        CREATE INDEX sync_entries_stuck ON sync_entries (collection, record, sequence)
            WHERE state IN ('failed', 'unresolved');

        -- Local ids, not yet known to the server, that an entry names. binds: its fields name it, so the entry waits for
        -- the record's create; else only its before-images do.
        CREATE TABLE sync_edges (
            entry INTEGER NOT NULL REFERENCES sync_entries (sequence) ON DELETE CASCADE,
            local_id TEXT NOT NULL,
            binds INTEGER NOT NULL,
            PRIMARY KEY (entry, local_id)
        ) WITHOUT ROWID;
        CREATE INDEX sync_edges_named ON sync_edges (local_id);

        -- The id table.
        CREATE TABLE sync_aliases (
            number INTEGER PRIMARY KEY,
            local_id TEXT NOT NULL UNIQUE,
            collection TEXT NOT NULL,
            server_id TEXT,
            user TEXT NOT NULL,
            -- Who the user was before a guest's store was taken over; a row of the server may still name that one.
            former_user TEXT,
            client_key TEXT,
            state TEXT NOT NULL
        );
        CREATE INDEX sync_aliases_key ON sync_aliases (client_key);
        CREATE INDEX sync_aliases_server ON sync_aliases (server_id);

        -- The server's last word on records with live entries; for all others what is visible is it.
        CREATE TABLE sync_bases (
            collection TEXT NOT NULL,
            record TEXT NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY (collection, record)
        );

        CREATE TABLE sync_subscriptions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            collection TEXT NOT NULL,
            filter TEXT NOT NULL,
            progress TEXT NOT NULL DEFAULT '{}'
        );
        CREATE INDEX sync_subscriptions_table ON sync_subscriptions (collection);
        CREATE TABLE sync_members (
            subscription INTEGER NOT NULL REFERENCES sync_subscriptions (number) ON DELETE CASCADE,
            record TEXT NOT NULL,
            provisional INTEGER NOT NULL,
            PRIMARY KEY (subscription, record)
        ) WITHOUT ROWID;
        CREATE TABLE sync_tables (collection TEXT NOT NULL PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID;

        -- Records whose write was answered (or deleted) at a mark: pages asked for before it may be stale.
        CREATE TABLE sync_settled (
            collection TEXT NOT NULL,
            record TEXT NOT NULL,
            mark INTEGER NOT NULL,
            deleted INTEGER NOT NULL,
            PRIMARY KEY (collection, record)
        ) WITHOUT ROWID;
        -- Second copies of a create that may not be deleted on the server: shown like any record.
        CREATE TABLE sync_twins (
            collection TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (collection, record)
        ) WITHOUT ROWID;

        CREATE TABLE sync_changes (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            collection TEXT NOT NULL,
            record TEXT NOT NULL,
            formerly TEXT,
            kind TEXT NOT NULL
        );

        -- What the app must be told even after a crash, until it says that it knows.
        CREATE TABLE sync_reports (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            collection TEXT NOT NULL,
            record TEXT NOT NULL,
            detail TEXT NOT NULL
        );
        """

    /// What must not cost more the longer the outbox is: its counts, and the few entries that don't simply wait.
    private static let second = """
        -- How many entries each table has in each state. Triggers keep it, so that no writer can forget to.
        CREATE TABLE sync_counts (
            collection TEXT NOT NULL,
            state TEXT NOT NULL,
            entries INTEGER NOT NULL,
            PRIMARY KEY (collection, state)
        ) WITHOUT ROWID;
        INSERT INTO sync_counts SELECT collection, state, count(*) FROM sync_entries GROUP BY collection, state;
        CREATE TRIGGER sync_entries_made AFTER INSERT ON sync_entries BEGIN
            INSERT INTO sync_counts VALUES (new.collection, new.state, 1) ON CONFLICT DO UPDATE SET entries = entries + 1;
        END;
        CREATE TRIGGER sync_entries_gone AFTER DELETE ON sync_entries BEGIN
            UPDATE sync_counts SET entries = entries - 1 WHERE collection = old.collection AND state = old.state;
        END;
        CREATE TRIGGER sync_entries_moved AFTER UPDATE OF collection, state ON sync_entries
        WHEN old.state <> new.state OR old.collection <> new.collection BEGIN
            UPDATE sync_counts SET entries = entries - 1 WHERE collection = old.collection AND state = old.state;
            INSERT INTO sync_counts VALUES (new.collection, new.state, 1) ON CONFLICT DO UPDATE SET entries = entries + 1;
        END;

        -- Nearly all entries of a long outbox are queued; of the others the engine asks at every step.
        CREATE INDEX sync_entries_state ON sync_entries (state, sequence) WHERE state <> 'queued';
        """

    private static let third = """
        -- Indexes by the app's fields. filled: the row of the collection up to which one holds the documents that were
        -- there; NULL when it holds all, and when it couldn't be kept, for which flaw says why.
        CREATE TABLE sync_indexes (
            collection TEXT NOT NULL,
            name TEXT NOT NULL,
            definition TEXT NOT NULL,
            by_app INTEGER NOT NULL,
            by_spec INTEGER NOT NULL,
            filled INTEGER,
            flaw TEXT,
            PRIMARY KEY (collection, name)
        ) WITHOUT ROWID;
        """

    /// What is blocked follows from the entries that are stuck, which have an index now. It was stored as a state before.
    private static let fourth = """
        UPDATE sync_entries SET state = 'queued' WHERE state <> 'queued' AND state = 'blocked';
        DELETE FROM sync_counts WHERE state = 'blocked';
        CREATE INDEX sync_entries_holding ON sync_entries (state)
            WHERE state = 'unresolved' OR state = 'failed' AND kind = 'create';
        """

    /// The ids of records that are gone don't stay for ever.
    private static let fifth = """
        -- In which order records went, NULL for one that is there, or may come.
        ALTER TABLE sync_aliases ADD COLUMN ended INTEGER;
        UPDATE sync_aliases SET ended = gone.place
            FROM (SELECT number, row_number() OVER (ORDER BY number) AS place FROM sync_aliases WHERE state = 'cancelled')
                AS gone
            WHERE sync_aliases.number = gone.number;
        CREATE INDEX sync_aliases_ended ON sync_aliases (ended) WHERE ended IS NOT NULL;
        """

    /// Files whose bytes are beside the database.
    private static let sixth = """
        -- A file has three ids here until the server has given it its own: for its id, its key and its address. Each is a
        -- row; file is the first of the three, NULL for a record's.
        ALTER TABLE sync_aliases ADD COLUMN file TEXT;
        CREATE INDEX sync_aliases_file ON sync_aliases (file) WHERE file IS NOT NULL;

        CREATE TABLE sync_files (
            -- The three ids as they are now.
            record TEXT NOT NULL PRIMARY KEY,
            key TEXT NOT NULL,
            url TEXT NOT NULL,
            -- The name of the bytes in the folder "files".
            bytes TEXT NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            -- How far the upload is; NULL once the server has the file.
            upload TEXT,
            -- When the bytes were last asked for, in the order of askings.
            used INTEGER NOT NULL
        );
        CREATE INDEX sync_files_key ON sync_files (key);
        CREATE INDEX sync_files_url ON sync_files (url);
        CREATE INDEX sync_files_waiting ON sync_files (size) WHERE upload IS NOT NULL;
        CREATE INDEX sync_files_cached ON sync_files (used, size) WHERE upload IS NULL;
        """

    /// Files of the server that subscriptions keep here.
    private static let seventh = """
        -- The fields whose files are kept, as an array of paths; NULL for none.
        ALTER TABLE sync_subscriptions ADD COLUMN files TEXT;
        CREATE INDEX sync_subscriptions_files ON sync_subscriptions (collection) WHERE files IS NOT NULL;

        -- Which files the members of these subscriptions name.
        CREATE TABLE sync_kept (
            record TEXT NOT NULL,
            collection TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (record, collection, name)
        ) WITHOUT ROWID;
        CREATE INDEX sync_kept_name ON sync_kept (name);

        -- Records that may name other files than before. Triggers note them, so that no writer can forget to; the engine
        -- looks at them. What a write costs doesn't depend on how many files its record names.
        CREATE TABLE sync_looks (
            collection TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (collection, record)
        ) WITHOUT ROWID;
        CREATE TRIGGER sync_members_files AFTER INSERT ON sync_members
        WHEN (SELECT files FROM sync_subscriptions WHERE number = new.subscription) IS NOT NULL BEGIN
            INSERT OR IGNORE INTO sync_looks
                SELECT collection, new.record FROM sync_subscriptions WHERE number = new.subscription;
        END;
        CREATE TRIGGER sync_members_gone AFTER DELETE ON sync_members
        WHEN EXISTS (SELECT 1 FROM sync_kept WHERE record = old.record) BEGIN
            INSERT OR IGNORE INTO sync_looks SELECT collection, record FROM sync_kept WHERE record = old.record;
        END;
        CREATE TRIGGER sync_changes_files AFTER INSERT ON sync_changes
        WHEN EXISTS (SELECT 1 FROM sync_subscriptions WHERE collection = new.collection AND files IS NOT NULL) BEGIN
            INSERT OR IGNORE INTO sync_looks VALUES (new.collection, new.record);
            INSERT OR IGNORE INTO sync_looks SELECT new.collection, new.formerly WHERE new.formerly IS NOT NULL;
        END;

        -- Files that are to come.
        CREATE TABLE sync_downloads (
            number INTEGER PRIMARY KEY,
            -- As the records have it.
            name TEXT NOT NULL UNIQUE,
            -- 'waiting', 'held' for want of room, or 'refused'.
            state TEXT NOT NULL,
            -- The number of bytes, where it is known.
            size INTEGER,
            -- The name of what is here of its bytes in the folder "files"; NULL for nothing.
            bytes TEXT UNIQUE,
            progress TEXT NOT NULL DEFAULT '{}'
        );
        CREATE INDEX sync_downloads_order ON sync_downloads (state, number);
        CREATE TABLE sync_download_counts (state TEXT NOT NULL PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO sync_download_counts VALUES ('waiting', 0), ('held', 0), ('refused', 0);
        CREATE TRIGGER sync_downloads_made AFTER INSERT ON sync_downloads BEGIN
            UPDATE sync_download_counts SET files = files + 1 WHERE state = new.state;
        END;
        CREATE TRIGGER sync_downloads_gone AFTER DELETE ON sync_downloads BEGIN
            UPDATE sync_download_counts SET files = files - 1 WHERE state = old.state;
        END;
        CREATE TRIGGER sync_downloads_moved AFTER UPDATE OF state ON sync_downloads WHEN old.state <> new.state BEGIN
            UPDATE sync_download_counts SET files = files - 1 WHERE state = old.state;
            UPDATE sync_download_counts SET files = files + 1 WHERE state = new.state;
        END;

        -- Whether a subscription keeps the file: it never makes room for others then.
        ALTER TABLE sync_files ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
        DROP INDEX sync_files_cached;
        CREATE INDEX sync_files_cached ON sync_files (used, size) WHERE upload IS NULL AND NOT kept;
        CREATE INDEX sync_files_kept ON sync_files (size) WHERE upload IS NULL AND kept;
        """

    /// What attaching a file costs doesn't depend on how many there are.
    private static let eighth = """
        -- How many bytes wait for the server, are kept by a subscription, and make room for others.
        CREATE TABLE sync_file_sizes (state TEXT NOT NULL PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO sync_file_sizes
            SELECT 'waiting', ifnull(sum(iif(typeof(size) = 'integer' AND size BETWEEN 0 AND 1 << 50, size, 0)), 0)
                FROM sync_files WHERE upload IS NOT NULL UNION ALL
            SELECT 'kept', ifnull(sum(iif(typeof(size) = 'integer' AND size BETWEEN 0 AND 1 << 50, size, 0)), 0)
                FROM sync_files WHERE upload IS NULL AND kept UNION ALL
            SELECT 'cached', ifnull(sum(iif(typeof(size) = 'integer' AND size BETWEEN 0 AND 1 << 50, size, 0)), 0)
                FROM sync_files WHERE upload IS NULL AND NOT kept;
        CREATE TRIGGER sync_files_made AFTER INSERT ON sync_files BEGIN
            UPDATE sync_file_sizes SET bytes = bytes + new.size WHERE state =
                CASE WHEN new.upload IS NOT NULL THEN 'waiting' WHEN new.kept THEN 'kept' ELSE 'cached' END;
        END;
        CREATE TRIGGER sync_files_gone AFTER DELETE ON sync_files BEGIN
            UPDATE sync_file_sizes SET bytes = bytes - old.size WHERE state =
                CASE WHEN old.upload IS NOT NULL THEN 'waiting' WHEN old.kept THEN 'kept' ELSE 'cached' END;
        END;
        CREATE TRIGGER sync_files_moved AFTER UPDATE OF size, upload, kept ON sync_files
        WHEN old.size <> new.size OR old.kept <> new.kept OR (old.upload IS NULL) <> (new.upload IS NULL) BEGIN
            UPDATE sync_file_sizes SET bytes = bytes - old.size WHERE state =
                CASE WHEN old.upload IS NOT NULL THEN 'waiting' WHEN old.kept THEN 'kept' ELSE 'cached' END;
            UPDATE sync_file_sizes SET bytes = bytes + new.size WHERE state =
                CASE WHEN new.upload IS NOT NULL THEN 'waiting' WHEN new.kept THEN 'kept' ELSE 'cached' END;
        END;
        -- The sums had it.
        DROP INDEX sync_files_kept;
        CREATE INDEX sync_files_used ON sync_files (used);
        """
}
