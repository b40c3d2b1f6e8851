import BkendAccounts
import BkendStorage
import BkendWire
import Logging
import Synchronization

/// How files are kept.
struct FileSettings: Sendable {
    /// The most bytes of one file.
    var fileBytes: Int
    /// The most bytes of a file that comes in parts.
    var largeFileBytes = 5 << 30
    /// How many bytes there may be.
    var storage = StorageLimits()
    /// Whether pictures that were presigned without a visibility are public until they are registered, and stay.
    var publicImages = false
    /// Whether users are those of the environment's own accounts, so that one who is gone can be told.
    var knowsUsers = true
    /// How long a query may take.
    var queryLimit: Duration
    /// Where the log goes.
    var logger: Logger

    /// Seconds that the address of a PUT is good for.
    static let putSeconds: Int64 = 15 * 60
    /// Seconds that the address of a download is good for.
    static let getSeconds: Int64 = 60 * 60
    /// Milliseconds after which bytes go that nobody registered, and those that no record names any more, where the
    /// storage doesn't keep them longer: a backup of the database that was begun before has its bytes.
    static let kept: Int64 = 24 * 60 * 60 * 1_000
    /// How many uploads a user may have begun and not registered.
    static let mostBegun = 2_000
}

/// Who asks for something of files, and how they reached the server.
struct FileCaller: Sendable {
    let caller: Caller
    /// The start of the digest of the key that came along.
    let keyMark: String
    /// The address of this server as the client sees it, `https://api.example.com`.
    let base: String
}

/// The files of one environment: records and uploads in its storage, bytes in an object storage.
///
/// Every method that stands for a route takes the caller and the body as it was parsed, and gives the answer. It throws
/// `ErrorBody` or `QueueRefused` for the client, and anything else where the server failed.
final class EnvironmentFiles: Sendable {
    let store: EnvironmentStore
    let objects: any ObjectStorage
    let keys: AddressKeys
    let settings: FileSettings
    /// The environment's tag in keys.
    let tag: String
    /// The time that addresses go by. What is written is stamped by the time of its transaction.
    let now: @Sendable () -> Timestamp
    let upkeep = FileUpkeep()
    let ledger = StorageLedger()

    init(
        of name: EnvironmentName, in store: EnvironmentStore, objects: any ObjectStorage, keys: AddressKeys,
        settings: FileSettings, now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.objects = objects
        self.keys = keys
        self.settings = settings
        self.now = now
        tag = FileKey.tag(of: name)
    }

    // MARK: Before the bytes

    /// `POST /v1/files/presigned-url`: a key, and an address to PUT the bytes to.
    func presign(_ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let upload = try await issue(FileFields(body), asker, most: settings.fileBytes, expiresAt: putEnd)
        return [
            "url": .string(try await putAddress(of: upload, asker)), "key": .string(upload.key),
            "filename": .string(upload.name), "contentType": .string(upload.type), "fileId": .string(upload.fileID),
            "digest": true, "expiresAt": .string(upload.expiresAt.description),
        ]
    }

    /// When the address of a PUT ends that is asked for now: at a whole second, as addresses say it.
    var putEnd: Timestamp {
        Timestamp(clamping: (now().milliseconds / 1_000 + FileSettings.putSeconds) * 1_000)
    }

    /// What the address of an upload's PUT says, which ends with the upload.
    func putClaims(of upload: FileUpload, _ asker: FileCaller) -> FileAddress.Claims {
        FileAddress.Claims(
            purpose: .put, expiresAt: upload.expiresAt.milliseconds / 1_000, userID: upload.userID,
            keyMark: asker.keyMark, limit: upload.announced ?? settings.fileBytes, type: upload.type)
    }

    /// The address to PUT an upload's bytes to.
    func putAddress(of upload: FileUpload, _ asker: FileCaller) async throws -> String {
        FileAddress.url(
            ofKey: upload.key, base: asker.base, putClaims(of: upload, asker), signedBy: try await keys.signing())
    }

    /// Issues a key for bytes to come, by what a body says of them.
    ///
    /// - Parameters:
    ///   - most: how many bytes there may be.
    ///   - uploadID: the id of an upload in parts.
    func issue(
        _ fields: FileFields, _ asker: FileCaller, most: Int, expiresAt: Timestamp, uploadID: String? = nil
    ) async throws -> FileUpload {
        let caller = asker.caller
        guard caller.group != .guest else { throw ErrorBody.signInFirst }
        let size = try fields.number("fileSize", negative: .fileSizeNegative)
        if let size { try check(size: size, field: "fileSize", most: most) }
        let type = try FileType.checked(fields.required("contentType", code: .fileInvalidFormat), field: "contentType")
        let announced = AnnouncedFile(
            name: try FileName.checked(fields.required("filename", code: .fileInvalidName), field: "filename"),
            type: type, size: size, visibility: try fields.visibility(),
            category: try fields.choice("category", of: FileCategory.all) ?? FileCategory.usual(for: type))
        return try await issue(announced, for: caller.userID, caller, expiresAt: expiresAt, uploadID: uploadID)
    }

    /// Issues a key for bytes to come.
    ///
    /// - Parameter userID: whose bytes they will be; nil for a secret key.
    func issue(
        _ file: AnnouncedFile, for userID: String?, _ caller: Caller, expiresAt: Timestamp, uploadID: String? = nil
    ) async throws -> FileUpload {
        // What won't fit is refused before it is sent. The room is held when the bytes come.
        if let size = file.size { _ = try await room(for: size, of: userID) }
        let key = FileKey(category: file.category, name: file.name, tag: tag)
        let upload = try await store.write(locking: Self.locks(userID), check: StorageCheck(caller)) { session in
            let upload = FileUpload(
                key: key.text, fileID: session.newID(), userID: userID, visibility: file.visibility, type: file.type,
                name: file.name, category: file.category, announced: file.size, expiresAt: expiresAt,
                uploadID: uploadID)
            if let userID, try FileStore.begun(session, by: userID) >= FileSettings.mostBegun {
                throw ErrorBody.tooManyBegun
            }
            try FileStore.issue(session, upload)
            return upload
        }
        tidySometimes()
        return upload
    }

    /// What a write of a user's files locks beside what it writes: a user who goes takes them along.
    func locks(of caller: Caller, _ key: String? = nil) -> Set<StorageLock> { Self.locks(caller.userID, key) }

    static func locks(_ userID: String?, _ key: String? = nil) -> Set<StorageLock> {
        Set([userID.map(StorageLock.user), key.map(StorageLock.file)].compactMap(\.self))
    }

    /// Refuses a size that no file may have.
    func check(size: Int, field: String, most: Int) throws(ErrorBody) {
        guard size > 0 else { throw .file(.fileTooSmall, field, "minimum", "must be at least 1: a file has bytes") }
        guard size <= most else {
            throw .file(.fileTooLarge, field, "maximum", "is \(size); this server takes up to \(most) bytes here")
        }
    }

    // MARK: After the bytes

    /// `POST /v1/files`: makes the record of a file whose bytes are there.
    func register(_ body: JSONObject, _ caller: Caller) async throws -> (file: StoredFile, shares: [String]) {
        guard caller.group != .guest else { throw ErrorBody.signInFirst }
        let fields = FileFields(body)
        let (key, fileID) = try (fields.key(), fields.text("fileId", code: .fileInvalidPath))
        guard key != nil || fileID != nil else {
            throw ErrorBody.file(.fileInvalidPath, "s3Key", "required", "is required")
        }
        return try await register(key: key, fileID: fileID, fields.registration(), caller)
    }

    /// `POST /v1/files/:id/complete`: the same, by what was said when the address was asked for.
    func complete(_ fileID: String, _ caller: Caller) async throws -> (file: StoredFile, shares: [String]) {
        guard caller.group != .guest else { throw ErrorBody.signInFirst }
        return try await register(key: nil, fileID: fileID, FileRegistration(), caller)
    }

    private enum Registered: Sendable {
        case done(StoredFile, [String])
        case lapsed
    }

    func register(
        key: String?, fileID: String?, _ registration: FileRegistration, _ caller: Caller
    ) async throws -> (file: StoredFile, shares: [String]) {
        let known = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try key.map { try FileStore.upload(session, key: $0) }
                ?? fileID.flatMap { try FileStore.upload(session, fileID: $0) }
        }
        guard let key = known?.key else { throw ErrorBody.unknownKey }
        let now = now()
        let outcome = try await store.write(locking: locks(of: caller, key), check: StorageCheck(caller)) { session in
            guard let upload = try FileStore.upload(session, key: key) else { throw ErrorBody.unknownKey }
            guard FileAccess.mayRegister(upload, caller) else { throw ErrorBody.notYourKey }
            switch upload.state {
            case .registered, .deleted: throw ErrorBody.registeredKey
            case .closed: throw ErrorBody.unknownKey
            case .issued, .stored: break
            }
            guard let content = upload.content else {
                if now < upload.expiresAt { throw ErrorBody.nothingStored }
                // From now on nothing can come of the key any more: a client may give it up.
                try FileStore.close(session, upload)
                return Registered.lapsed
            }
            if let size = registration.size, size != content.bytes {
                throw ErrorBody.file(
                    size < content.bytes ? .fileTooLarge : .fileTooSmall, "size", "size",
                    "is \(size), but \(content.bytes) bytes were uploaded")
            }
            let file = StoredFile(upload, content, registration, at: session.now)
            let shares = registration.sharedWith ?? []
            try FileStore.insert(session, file, sharedWith: shares)
            try FileStore.setState(session, of: key, to: .registered)
            return .done(file, shares)
        }
        guard case .done(let file, let shares) = outcome else { throw ErrorBody.unknownKey }
        return (file, shares)
    }

    // MARK: Records

    /// `GET /v1/files/:id`.
    func file(_ id: String, _ caller: Caller) async throws -> (file: StoredFile, shares: [String]) {
        try await store.lookUp(limit: settings.queryLimit) { session, _ in
            (try Self.readable(id, caller, in: session), try FileStore.shares(session, of: id))
        }
    }

    /// A file that a caller may read.
    static func readable(_ id: String, _ caller: Caller, in session: any SQLSession) throws -> StoredFile {
        guard let file = try FileStore.file(session, id: id) else { throw ErrorBody.noFile }
        let isShared = try caller.userID.map { try FileStore.isShared(session, id, with: $0) } ?? false
        guard FileAccess.mayRead(file, caller, isSharedWith: isShared) else {
            throw caller.group == .guest ? ErrorBody.signInFirst : ErrorBody.notYourFile
        }
        return file
    }

    /// `GET /v1/files`.
    func list(
        _ list: FileList, _ caller: Caller
    ) async throws -> (files: [(file: StoredFile, shares: [String])], pagination: Pagination) {
        try await store.query(limit: settings.queryLimit) { session, attempt in
            let (files, pagination) = try list.fetch(session, by: caller)
            var bytes = 0
            let withShares = try files.map { file in
                let shares = FileAccess.mayChange(file, caller) ? try FileStore.shares(session, of: file.id) : []
                bytes += file.metadata.description.utf8.count + 40 * shares.count + 1_000
                try attempt.expect(.page(bytes: bytes))
                return (file: file, shares: shares)
            }
            return (withShares, pagination)
        }
    }

    /// `GET /v1/files/buckets`: how many files the caller has in each, and of how many bytes; an administrator of all.
    func buckets(_ caller: Caller) async throws -> JSONObject {
        guard caller.group != .guest else { throw ErrorBody.signInFirst }
        let owner = caller.isAdmin ? nil : caller.userID
        let items = try await store.query(limit: settings.queryLimit) { session, _ in
            let (sql, values) = (
                owner == nil ? FileSQL.buckets : FileSQL.bucketsOfOwner, owner.map { [SQLValue.text($0)] } ?? []
            )
            return try session.all(sql, arguments: values) { row -> JSON in
                ["name": .string(row.text(0)), "files": .int(row.int(1)), "bytes": .int(row.int(2))]
            }
        }
        return ["items": .array(items)]
    }

    /// `PATCH /v1/files/:id`, and with the visibility alone `PATCH /v1/files/:id/visibility`. Members of `metadata` are put
    /// among those that are there; null takes one away.
    func update(
        _ id: String, _ body: JSONObject,
        only names: [String] = ["originalName", "visibility", "metadata", "sharedWith"],
        _ caller: Caller
    ) async throws -> (file: StoredFile, shares: [String]) {
        let fields = FileFields(body)
        try fields.refuse(allBut: names)
        var name: String?
        if fields.has("originalName") {
            name = try FileName.checked(
                fields.required("originalName", code: .fileInvalidName), field: "originalName",
                tooLong: .fileNameTooLong)
        }
        let (visibility, metadata, shares) = try (fields.visibility(), fields.metadata(), fields.sharedWith())
        return try await change(id, caller) { [name] session, file in
            var changed = file
            if let name { changed.name = name }
            if let visibility { changed.visibility = visibility }
            // `nil` alone would be JSON's null.
            for (key, value) in metadata ?? [:] { changed.metadata[key] = value == .null ? Optional<JSON>.none : value }
            try FileFields.check(changed.metadata)
            let before = try FileStore.shares(session, of: id)
            let isSame =
                changed.name.hasSameBytes(as: file.name) && changed.visibility == file.visibility
                && changed.metadata == file.metadata && (shares ?? before) == before
            guard !isSame else { return (file, before) }
            changed.updatedAt = max(file.updatedAt, session.now)
            try FileStore.update(session, changed)
            if let shares { try FileStore.setShares(session, of: id, to: shares) }
            return (changed, shares ?? before)
        }
    }

    /// `DELETE /v1/files/:id`.
    func delete(_ id: String, _ caller: Caller) async throws {
        try await change(id, caller) { session, file in try FileStore.delete(session, file) }
        tidySometimes()
    }

    /// Changes a file that the caller may change, its key locked.
    private func change<Result: Sendable>(
        _ id: String, _ caller: Caller,
        _ body: @escaping @Sendable (any StorageTransaction, StoredFile) throws -> Result
    ) async throws -> Result {
        // What the caller may not even see is refused as such.
        let (known, _) = try await file(id, caller)
        if caller.group == .guest { throw ErrorBody.signInFirst }
        // An owner who goes takes the file along: not beside this.
        let locks = Self.locks(known.ownerID, known.key)
        return try await store.write(locking: locks, check: StorageCheck(caller)) { session in
            guard let file = try FileStore.file(session, id: id) else { throw ErrorBody.noFile }
            guard FileAccess.mayChange(file, caller) else { throw ErrorBody.notYourFileToChange }
            return try body(session, file)
        }
    }

    // MARK: Addresses

    /// `POST` and `GET /v1/files/:id/download-url`: where the bytes are, for good where the file is public, else for an
    /// hour.
    func downloadAddress(_ id: String, _ asker: FileCaller) async throws -> JSONObject {
        let (file, _) = try await file(id, asker.caller)
        let signer = try await keys.signing()
        let url: String
        let expiresAt: Timestamp
        if file.visibility == .public {
            url = FileAddress.url(ofKey: file.key, base: asker.base)
            expiresAt = Self.never
        } else {
            let seconds = now().milliseconds / 1_000 + FileSettings.getSeconds
            let claims = FileAddress.Claims(
                purpose: .get, expiresAt: seconds, userID: asker.caller.userID, keyMark: asker.keyMark)
            url = FileAddress.url(ofKey: file.key, base: asker.base, claims, signedBy: signer)
            expiresAt = Timestamp(clamping: seconds * 1_000)
        }
        return [
            "url": .string(url), "filename": .string(file.name), "contentType": .string(file.type),
            "size": .int(Int64(file.content.bytes)), "expiresAt": .string(expiresAt.description),
        ]
    }

    /// What an address that is good for ever says of its end; clients parse it as a date.
    private static let never = Timestamp(clamping: 253_402_300_799_000)
}
