import BkendWire

/// The statements of files, their uploads and their objects.
enum FileSQL {
    // MARK: Uploads

    /// What `FileUpload.init(row:)` reads, in this order.
    static let uploadColumns = """
        key, fileId, userId, visibility, type, name, category, announced, expiresAt, state, content, bytes, sha256,
            storedAt, uploadId
        """
    static let upload = "SELECT \(uploadColumns) FROM file_uploads WHERE key = ?"
    static let uploadOfFile = "SELECT \(uploadColumns) FROM file_uploads WHERE fileId = ?"
    static let keyOfParts = "SELECT key FROM file_uploads WHERE uploadId = ?"
    static let insertUpload = """
        INSERT INTO file_uploads (key, fileId, userId, visibility, type, name, category, announced, expiresAt, state,
            uploadId)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'issued', ?)
        """
    static let setStored = """
        UPDATE file_uploads SET state = 'stored', content = ?, bytes = ?, sha256 = ?, storedAt = ?, stays = ? WHERE key = ?
        """
    /// An upload of a file that another server registered.
    static let insertImported = """
        INSERT INTO file_uploads (key, fileId, userId, visibility, type, name, category, expiresAt, state, content, bytes,
            sha256, storedAt, isImported)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'registered', ?, ?, ?, ?, 1)
        """
    static let setState = "UPDATE file_uploads SET state = ? WHERE key = ?"
    static let deleteUpload = "DELETE FROM file_uploads WHERE key = ?"
    /// How many uploads a user has begun and not registered.
    static let begun = """
        SELECT count(*) FROM file_uploads WHERE userId = ? AND state IN ('issued', 'stored') AND stays = 0
        """
    /// Uploads that nobody can finish any more, a time after their last address ended: a PUT that began before may still
    /// be under way.
    static let lapsedUploads = """
        SELECT \(uploadColumns) FROM file_uploads
        WHERE state IN ('issued', 'stored', 'closed') AND stays = 0 AND expiresAt < ?
            AND (state <> 'stored' OR storedAt < ?)
        ORDER BY expiresAt LIMIT ?
        """

    // MARK: Files

    /// What `StoredFile.init(row:)` reads, in this order.
    static let fileColumns = """
        id, key, content, bytes, sha256, storedAt, name, type, width, height, visibility, bucket, ownerId, ownerType,
            metadata, createdAt, updatedAt
        """
    static let allFiles = "SELECT \(fileColumns) FROM files ORDER BY createdAt, id"
    static let hasImported = "SELECT 1 FROM file_uploads WHERE isImported = 1 LIMIT 1"
    static let file = "SELECT \(fileColumns) FROM files WHERE id = ?"
    static let fileOfKey = "SELECT \(fileColumns) FROM files WHERE key = ?"
    static let insertFile = """
        INSERT INTO files (\(fileColumns), searchText) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let updateFile = """
        UPDATE files SET name = ?, visibility = ?, metadata = ?, updatedAt = ?, searchText = ? WHERE id = ?
        """
    static let deleteFile = "DELETE FROM files WHERE id = ?"
    static let buckets = "SELECT bucket, count(*), sum(bytes) FROM files GROUP BY bucket ORDER BY bucket"
    static let bucketsOfOwner = """
        SELECT bucket, count(*), sum(bytes) FROM files WHERE ownerId = ? GROUP BY bucket ORDER BY bucket
        """

    // MARK: Shares

    static let shares = "SELECT userId FROM file_shares WHERE fileId = ? ORDER BY userId"
    static let isShared = "SELECT 1 FROM file_shares WHERE userId = ? AND fileId = ?"
    static let insertShare = "INSERT INTO file_shares (fileId, userId) VALUES (?, ?)"
    static let deleteShares = "DELETE FROM file_shares WHERE fileId = ?"

    // MARK: Objects

    static let insertObject =
        "INSERT INTO file_objects (name, content, position, bytes, sha256, userId) VALUES (?, ?, ?, ?, ?, ?)"
    static let objectsOfContent = """
        SELECT name, bytes FROM file_objects WHERE content = ? AND droppedAt IS NULL ORDER BY position
        """
    static let partsOfContent = "SELECT position, name, bytes FROM file_objects WHERE content = ? AND droppedAt IS NULL"
    static let bytesOfPart = "SELECT bytes FROM file_objects WHERE content = ? AND position = ? AND droppedAt IS NULL"
    /// How many bytes an upload's parts have, with those that others have taken the place of.
    static let bytesOfParts = "SELECT coalesce(sum(bytes), 0) FROM file_objects WHERE content = ?"
    static let dropObject = "UPDATE file_objects SET droppedAt = ? WHERE name = ? AND droppedAt IS NULL"
    static let dropPart = """
        UPDATE file_objects SET droppedAt = ? WHERE content = ? AND position = ? AND droppedAt IS NULL
        """
    static let isNamed = "SELECT 1 FROM file_objects WHERE name = ?"
    static let dropContent = "UPDATE file_objects SET droppedAt = ? WHERE content = ? AND droppedAt IS NULL"
    static let droppedObjects = "SELECT name FROM file_objects WHERE droppedAt < ? ORDER BY droppedAt LIMIT ?"
    static let deleteObject = "DELETE FROM file_objects WHERE name = ? AND droppedAt IS NOT NULL"
    static let objectNames = "SELECT name FROM file_objects ORDER BY name"
    /// Every object with its digest, and whether nothing needs it.
    static let allObjects = "SELECT name, bytes, sha256, droppedAt IS NOT NULL FROM file_objects ORDER BY name"
    /// Objects by name, after one: name, size, and whether nothing needs it.
    static let objectsAfter = """
        SELECT name, bytes, droppedAt IS NOT NULL FROM file_objects WHERE name > ? ORDER BY name LIMIT ?
        """
    static let missingContents = """
        SELECT id FROM files WHERE bytes <> (
            SELECT coalesce(sum(o.bytes), 0) FROM file_objects o
            WHERE o.content = files.content AND o.droppedAt IS NULL)
        ORDER BY id
        """

    /// What the files of a user take; of all for an empty id.
    static let usage = "SELECT used, dropped FROM file_usage WHERE userId = ?"

    // MARK: Users that go

    static let dropHiddenContents = """
        UPDATE file_objects SET droppedAt = ? WHERE droppedAt IS NULL AND content IN (
            SELECT content FROM files WHERE ownerId = ? AND (visibility IN ('private', 'shared') OR bucket = 'avatars'))
        """
    static let endHiddenUploads = """
        UPDATE file_uploads SET state = 'deleted' WHERE key IN (
            SELECT key FROM files WHERE ownerId = ? AND (visibility IN ('private', 'shared') OR bucket = 'avatars'))
        """
    static let deleteHiddenShares = """
        DELETE FROM file_shares WHERE fileId IN (
            SELECT id FROM files WHERE ownerId = ? AND (visibility IN ('private', 'shared') OR bucket = 'avatars'))
        """
    static let deleteHiddenFiles =
        "DELETE FROM files WHERE ownerId = ? AND (visibility IN ('private', 'shared') OR bucket = 'avatars')"
    static let disownFiles = "UPDATE files SET ownerId = NULL, ownerType = 'public' WHERE ownerId = ?"
    static let dropOpenContents = """
        UPDATE file_objects SET droppedAt = ? WHERE droppedAt IS NULL AND content IN (
            SELECT coalesce(uploadId, content) FROM file_uploads WHERE userId = ? AND state IN ('issued', 'stored'))
        """
    static let deleteOpenUploads = "DELETE FROM file_uploads WHERE userId = ? AND state IN ('issued', 'stored')"
    static let deleteSharesOfUser = "DELETE FROM file_shares WHERE userId = ?"

    // MARK: Lists

    /// How many files a list has.
    static func count(_ conditions: [FileCondition]) -> String { "SELECT count(*) FROM files\(Self.where(conditions))" }

    /// A page of a list: by a column, ties by id.
    static func page(
        _ conditions: [FileCondition], sortedBy column: FileSort, _ direction: Query.Sort.Direction
    ) -> String {
        let order = direction == .ascending ? "ASC" : "DESC"
        return """
            SELECT \(fileColumns) FROM files\(Self.where(conditions))
            ORDER BY \(column.sql) \(order), id \(order) LIMIT ? OFFSET ?
            """
    }

    private static func `where`(_ conditions: [FileCondition]) -> String {
        conditions.isEmpty ? "" : " WHERE " + conditions.map(\.sql).joined(separator: " AND ")
    }

    /// Every statement, to be prepared in a test.
    static let all: [String] =
        [
            upload, uploadOfFile, keyOfParts, insertUpload, setStored, setState, deleteUpload, lapsedUploads, allFiles,
            bytesOfPart, hasImported, insertImported, file,
            fileOfKey,
            insertFile,
            updateFile, deleteFile, buckets, bucketsOfOwner, shares, isShared, insertShare, deleteShares, insertObject,
            objectsOfContent, partsOfContent, bytesOfParts, begun, dropPart, dropObject, missingContents,
            dropHiddenContents, endHiddenUploads,
            deleteHiddenShares, deleteHiddenFiles, disownFiles, dropOpenContents, deleteOpenUploads,
            deleteSharesOfUser, isNamed, dropContent, droppedObjects, deleteObject, objectNames, allObjects, usage,
            objectsAfter,
            count(FileCondition.allCases),
        ]
        + FileSort.allCases.flatMap { column in
            [[], FileCondition.allCases].flatMap { conditions in
                [Query.Sort.Direction.ascending, .descending].map { page(conditions, sortedBy: column, $0) }
            }
        }
}

/// A condition of a list of files, with the values that it takes in turn.
enum FileCondition: String, CaseIterable {
    /// Shown to guests.
    case isPublic
    /// Shown to a user: the user's id twice.
    case isShown
    /// Owned by a user: what others may see in filters by fields that only owners see.
    case isOwn
    case visibility, ownerID, ownerType, bucket, type, typePrefix, search

    var sql: String {
        switch self {
        case .isPublic: "visibility = 'public'"
        case .isShown:
            """
            (visibility IN ('public', 'protected') OR ownerId = ?
                OR visibility = 'shared' AND id IN (SELECT fileId FROM file_shares WHERE userId = ?))
            """
        case .isOwn: "ownerId = ?"
        case .visibility: "visibility = ?"
        case .ownerID: "ownerId = ?"
        case .ownerType: "ownerType = ?"
        case .bucket: "bucket = ?"
        case .type: "type = ?"
        case .typePrefix: "substr(type, 1, ?) = ?"
        // What a text holds is seen by what is left without it: storages name the function that looks for it differently.
        case .search: "replace(searchText, ?, '') <> searchText"
        }
    }
}

/// What a list of files can be sorted by.
enum FileSort: String, CaseIterable {
    case id, createdAt, updatedAt, originalName, mimeType, size, visibility

    /// The column.
    var sql: String {
        switch self {
        case .originalName: "name"
        case .mimeType: "type"
        case .size: "bytes"
        case .id, .createdAt, .updatedAt, .visibility: rawValue
        }
    }
}
