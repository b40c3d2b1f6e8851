import BkendStorage
import BkendWire
import Foundation

/// Files, their uploads and their objects in the database; every method runs inside the caller's transaction. Those that
/// change an upload or its file are for whoever has locked its key.
enum FileStore {
    // MARK: Uploads

    static func upload(_ db: any SQLSession, key: String) throws -> FileUpload? {
        try db.first(FileSQL.upload, key, read: FileUpload.init)
    }

    static func upload(_ db: any SQLSession, fileID: String) throws -> FileUpload? {
        try db.first(FileSQL.uploadOfFile, fileID, read: FileUpload.init)
    }

    static func issue(_ db: any SQLTransaction, _ upload: FileUpload) throws {
        try db.execute(
            FileSQL.insertUpload, upload.key, upload.fileID, upload.userID, upload.visibility?.rawValue, upload.type,
            upload.name, upload.category, upload.announced, upload.expiresAt.milliseconds, upload.uploadID)
    }

    /// Puts bytes in the place of those that an upload had, if any.
    ///
    /// - Parameter stays: whether they stay though nobody registers them.
    static func setContent(
        _ db: any SQLTransaction, of upload: FileUpload, to content: FileContent, stays: Bool
    ) throws {
        if let old = upload.content { try drop(db, old) }
        try db.execute(
            FileSQL.insertObject, content.name, content.name, 0, content.bytes, content.sha256, upload.userID)
        try setStored(db, of: upload, content, stays: stays)
    }

    /// An upload has its bytes.
    static func setStored(
        _ db: any SQLTransaction, of upload: FileUpload, _ content: FileContent, stays: Bool
    ) throws {
        try db.execute(
            FileSQL.setStored, content.name, content.bytes, content.sha256, content.storedAt.milliseconds,
            stays ? 1 : 0, upload.key)
    }

    /// How many uploads a user has begun and not registered.
    static func begun(_ db: any SQLSession, by userID: String) throws -> Int {
        try db.first(FileSQL.begun, userID) { Int($0.int(0)) } ?? 0
    }

    /// Puts in a file that another server registered, with the one object of its bytes.
    static func insertImported(_ db: any SQLTransaction, _ file: StoredFile, sharedWith: [String]) throws {
        let content = file.content
        try db.execute(
            FileSQL.insertObject, content.name, content.name, 0, content.bytes, content.sha256, file.ownerID)
        try db.execute(
            FileSQL.insertImported, file.key, file.id, file.ownerID, file.visibility.rawValue, file.type, file.name,
            file.bucket, file.createdAt.milliseconds, content.name, content.bytes, content.sha256,
            content.storedAt.milliseconds)
        try insert(db, file, sharedWith: sharedWith)
    }

    static func setState(_ db: any SQLTransaction, of key: String, to state: FileUpload.State) throws {
        try db.execute(FileSQL.setState, state.rawValue, key)
    }

    /// Closes an upload that nobody can finish any more; its bytes go.
    static func close(_ db: any SQLTransaction, _ upload: FileUpload) throws {
        try dropBytes(db, of: upload)
        try setState(db, of: upload.key, to: .closed)
    }

    /// Forgets a key with which nothing can be done any more; its bytes go.
    static func forget(_ db: any SQLTransaction, _ upload: FileUpload) throws {
        try dropBytes(db, of: upload)
        try db.execute(FileSQL.deleteUpload, upload.key)
    }

    private static func dropBytes(_ db: any SQLTransaction, of upload: FileUpload) throws {
        guard let content = upload.uploadID ?? upload.content?.name else { return }
        try db.execute(FileSQL.dropContent, db.now.milliseconds, content)
    }

    /// A user goes: with them what nobody else was shown. What others see stays without an owner.
    static func withdraw(_ db: any SQLTransaction, userID: String) throws {
        let now = db.now.milliseconds
        try db.execute(FileSQL.dropHiddenContents, now, userID)
        for sql in [
            FileSQL.endHiddenUploads, FileSQL.deleteHiddenShares, FileSQL.deleteHiddenFiles, FileSQL.disownFiles,
        ] { try db.execute(sql, userID) }
        try db.execute(FileSQL.dropOpenContents, now, userID)
        try db.execute(FileSQL.deleteOpenUploads, userID)
        try db.execute(FileSQL.deleteSharesOfUser, userID)
    }

    // MARK: Files

    static func file(_ db: any SQLSession, id: String) throws -> StoredFile? {
        try db.first(FileSQL.file, id, read: StoredFile.init)
    }

    static func file(_ db: any SQLSession, key: String) throws -> StoredFile? {
        try db.first(FileSQL.fileOfKey, key, read: StoredFile.init)
    }

    static func insert(_ db: any SQLTransaction, _ file: StoredFile, sharedWith: [String]) throws {
        try db.execute(
            FileSQL.insertFile, file.id, file.key, file.content.name, file.content.bytes, file.content.sha256,
            file.content.storedAt.milliseconds, file.name, file.type, file.width, file.height,
            file.visibility.rawValue, file.bucket, file.ownerID, file.ownerType, file.metadata.description,
            file.createdAt.milliseconds, file.updatedAt.milliseconds, file.searchText)
        try setShares(db, of: file.id, to: sharedWith)
    }

    static func update(_ db: any SQLTransaction, _ file: StoredFile) throws {
        try db.execute(
            FileSQL.updateFile, file.name, file.visibility.rawValue, file.metadata.description,
            file.updatedAt.milliseconds, file.searchText, file.id)
    }

    /// Deletes a file's record; its key stays known, and its bytes go later.
    static func delete(_ db: any SQLTransaction, _ file: StoredFile) throws {
        try db.execute(FileSQL.deleteShares, file.id)
        try db.execute(FileSQL.deleteFile, file.id)
        try setState(db, of: file.key, to: .deleted)
        try drop(db, file.content)
    }

    // MARK: Shares

    static func shares(_ db: any SQLSession, of id: String) throws -> [String] {
        try db.all(FileSQL.shares, id) { $0.text(0) }
    }

    static func isShared(_ db: any SQLSession, _ id: String, with userID: String) throws -> Bool {
        try db.first(FileSQL.isShared, userID, id) { _ in true } ?? false
    }

    static func setShares(_ db: any SQLTransaction, of id: String, to users: [String]) throws {
        try db.execute(FileSQL.deleteShares, id)
        for user in users { try db.execute(FileSQL.insertShare, id, user) }
    }

    // MARK: Parts

    /// The parts that came of an upload, by their numbers.
    static func parts(_ db: any SQLSession, of uploadID: String) throws -> [StoredPart] {
        try db.all(FileSQL.partsOfContent, uploadID) {
            StoredPart(number: Int($0.int(0)), name: $0.text(1), bytes: Int($0.int(2)))
        }
    }

    /// Puts a part in the place of what came before under its number.
    static func setPart(
        _ db: any SQLTransaction, _ part: StoredPart, sha256: Data, of uploadID: String, by userID: String?
    ) throws {
        try db.execute(FileSQL.dropPart, db.now.milliseconds, uploadID, part.number)
        try db.execute(FileSQL.insertObject, part.name, uploadID, part.number, part.bytes, sha256, userID)
    }

    static func drop(_ db: any SQLTransaction, object name: String) throws {
        try db.execute(FileSQL.dropObject, db.now.milliseconds, name)
    }

    /// How many bytes the part of a number has; 0 when there is none.
    static func bytes(_ db: any SQLSession, ofPart number: Int, of uploadID: String) throws -> Int {
        try db.first(FileSQL.bytesOfPart, uploadID, number) { Int($0.int(0)) } ?? 0
    }

    /// How many bytes an upload's parts have, with those that others have taken the place of.
    static func bytesOfParts(_ db: any SQLSession, of uploadID: String) throws -> Int {
        try db.first(FileSQL.bytesOfParts, uploadID) { Int($0.int(0)) } ?? 0
    }

    // MARK: Objects

    /// The objects whose bytes, one after the other, are a content's.
    static func objects(_ db: any SQLSession, of content: FileContent) throws -> [(name: String, bytes: Int)] {
        try db.all(FileSQL.objectsOfContent, content.name) { ($0.text(0), Int($0.int(1))) }
    }

    /// Nothing needs a content any more.
    static func drop(_ db: any SQLTransaction, _ content: FileContent) throws {
        try db.execute(FileSQL.dropContent, db.now.milliseconds, content.name)
    }

    /// The bytes that the files of a user take; those of all for nil.
    static func usage(_ db: any SQLSession, of userID: String? = nil) throws -> StorageUsage {
        try db.first(FileSQL.usage, userID ?? "") { StorageUsage(used: Int($0.int(0)), dropped: Int($0.int(1))) }
            ?? StorageUsage()
    }

    /// Those of some names that no row holds.
    static func unnamed(_ db: any SQLSession, of names: [String]) throws -> [String] {
        try names.filter { try db.first(FileSQL.isNamed, $0) { _ in true } == nil }
    }
}
