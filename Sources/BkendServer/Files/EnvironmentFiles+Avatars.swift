import BkendAccounts
import BkendStorage
import BkendWire

// The pictures of users (rest-api.md §12): public files in the bucket `avatars`, whose address is the user's `image`.

extension EnvironmentFiles {
    private static let avatarTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"]
    private static let avatars = "avatars"

    /// `POST /v1/users/:id/avatar/upload-url`: an address to PUT a picture to.
    func presignAvatar(of userID: String, _ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let caller = asker.caller
        try Accounts.checkUpdate(of: userID, by: caller)
        let fields = FileFields(body)
        let name = try FileName.checked(fields.required("filename", code: .fileInvalidName), field: "filename")
        let type = try fields.text("contentType").map { text throws(ErrorBody) in
            try FileType.checked(text, field: "contentType")
        }
        guard let type = type ?? Self.avatarType(of: name), Self.avatarTypes.contains(type) else {
            throw ErrorBody.file(
                .fileInvalidFormat, "contentType", "enum", "must be one of \(Self.avatarTypes.joined(separator: ", "))")
        }
        let size = try fields.number("fileSize", negative: .fileSizeNegative)
        if let size { try check(size: size, field: "fileSize", most: settings.fileBytes) }
        let isThere = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try Accounts.activeRole(of: userID, in: session) != nil
        }
        guard isThere else { throw Accounts.unknownUser }
        let upload = try await issue(
            AnnouncedFile(name: name, type: type, size: size, visibility: .public, category: Self.avatars), for: userID,
            caller, expiresAt: putEnd)
        let url = JSON.string(try await putAddress(of: upload, asker))
        return [
            "url": url, "uploadUrl": url, "key": .string(upload.key), "contentType": .string(type), "digest": true,
            "expiresAt": .string(upload.expiresAt.description),
        ]
    }

    /// `PATCH /v1/users/:id/avatar`: makes what was stored the user's picture. The picture before is deleted if it was one.
    func setAvatar(of userID: String, _ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        try Accounts.checkUpdate(of: userID, by: asker.caller)
        guard let key = try FileFields(body).key() else {
            throw ErrorBody.file(.fileInvalidPath, "s3Key", "required", "is required")
        }
        let base = asker.base
        return try await avatarWrite(of: userID, key: key, asker.caller) { session in
            try Self.publish(key, of: userID, in: session)
            let (before, user) = try Accounts.setImage(FileAddress.url(ofKey: key, base: base), of: userID, in: session)
            if let before, let old = try Self.avatar(at: before, of: userID, in: session), old.key != key {
                try session.hold([.file(old.key)])
                try FileStore.delete(session, old)
            }
            return user
        }
    }

    /// `DELETE /v1/users/:id/avatar`.
    func removeAvatar(of userID: String, _ caller: Caller) async throws -> JSONObject {
        try Accounts.checkUpdate(of: userID, by: caller)
        return try await avatarWrite(of: userID, key: nil, caller) { session in
            let (before, _) = try Accounts.setImage(nil, of: userID, in: session)
            if let before, let old = try Self.avatar(at: before, of: userID, in: session) {
                try session.hold([.file(old.key)])
                try FileStore.delete(session, old)
            }
            return ["message": "The avatar was deleted."]
        }
    }

    /// Keeps a picture that an app names as a user's `image` by itself, without making it the avatar first: it is registered,
    /// so that it stays. Anything else in `image` is the app's business.
    func keepAvatar(named fields: JSONObject, of userID: String, _ caller: Caller) async throws {
        guard let image = fields["image"]?.stringValue, let key = Self.key(at: image) else { return }
        try Accounts.checkUpdate(of: userID, by: caller)
        let upload = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try FileStore.upload(session, key: key)
        }
        guard let upload, upload.category == Self.avatars, upload.userID == userID, upload.state == .stored else {
            return
        }
        _ = try await avatarWrite(of: userID, key: key, caller) { session in
            try Self.publish(key, of: userID, in: session)
            return [:]
        }
    }

    private func avatarWrite(
        of userID: String, key: String?, _ caller: Caller,
        _ body: @escaping @Sendable (any StorageTransaction) throws -> JSONObject
    ) async throws -> JSONObject {
        let answer = try await store.write(locking: Self.locks(userID, key), check: StorageCheck(caller), body)
        tidySometimes()
        return answer
    }

    /// Registers what a user has stored as a public file.
    private static func publish(_ key: String, of userID: String, in session: any StorageTransaction) throws {
        guard let upload = try FileStore.upload(session, key: key) else { throw ErrorBody.unknownKey }
        guard upload.userID == userID else { throw ErrorBody.notYourKey }
        guard avatarTypes.contains(upload.type) else {
            throw ErrorBody.file(
                .fileInvalidFormat, "s3Key", "enum", "isn't a picture: \(avatarTypes.joined(separator: ", "))")
        }
        switch upload.state {
        case .closed: throw ErrorBody.unknownKey
        case .deleted: throw ErrorBody.registeredKey
        case .registered:
            // Once more, since the answer was lost; or a picture of the user's that is public already.
            guard let file = try FileStore.file(session, key: key), file.visibility == .public else {
                throw ErrorBody.file(.fileInvalidFormat, "s3Key", "visibility", "must be a public file's")
            }
        case .issued, .stored:
            guard let content = upload.content else { throw ErrorBody.nothingStored }
            var registration = FileRegistration()
            (registration.visibility, registration.bucket) = (.public, avatars)
            try FileStore.insert(session, StoredFile(upload, content, registration, at: session.now), sharedWith: [])
            try FileStore.setState(session, of: key, to: .registered)
        }
    }

    /// A user's picture by its address; nil where that is something else.
    private static func avatar(
        at address: String, of userID: String, in session: any StorageTransaction
    ) throws -> StoredFile? {
        guard let key = key(at: address), let file = try FileStore.file(session, key: key), file.bucket == avatars,
            file.ownerID == userID
        else { return nil }
        return file
    }

    /// The key in an address of this server's, whatever its host is called now.
    private static func key(at address: String) -> String? {
        let path = address.prefix { $0 != "?" && $0 != "#" }
        guard let root = path.range(of: FileAddress.root) else { return nil }
        return FileKey(String(path[root.upperBound...]))?.text
    }

    private static func avatarType(of name: String) -> String? {
        switch name.split(separator: ".").last?.lowercased() {
        case "jpg", "jpeg": "image/jpeg"
        case "png": "image/png"
        case "gif": "image/gif"
        case "webp": "image/webp"
        default: nil
        }
    }
}
