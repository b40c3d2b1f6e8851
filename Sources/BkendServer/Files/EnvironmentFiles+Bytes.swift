import BkendAccounts
import BkendStorage
import BkendWire
import Crypto
import Foundation
import NIOCore

// The bytes behind addresses.

/// A file's bytes, and what is told of them.
struct ServedFile: Sendable {
    let content: FileContent
    /// The objects that they are in, one after the other.
    let objects: [(name: String, bytes: Int)]
    let name: String
    let type: String
    let isPublic: Bool
}

extension EnvironmentFiles {
    /// The file at an address, whose access is decided anew each time it is used. Nil where there is none for the caller:
    /// what isn't public is as unknown as what isn't there.
    ///
    /// - Parameters:
    ///   - claims: what a signed address says; nil for one without a signature.
    ///   - key: the API key that the signed address was asked for by, if it is still good.
    func served(_ key: FileKey, claims: FileAddress.Claims?, key asked: ResolvedKey?) async throws -> ServedFile? {
        let settings = settings
        return try await store.lookUp(limit: settings.queryLimit) { session, _ in
            if let file = try FileStore.file(session, key: key.text) {
                let caller = try claims.flatMap { try Self.caller($0, asked, settings, in: session) }
                let isShared = try caller?.userID.map { try FileStore.isShared(session, file.id, with: $0) } ?? false
                guard FileAccess.mayRead(file, caller ?? .guest, isSharedWith: isShared) else { return nil }
                return try Self.served(file, in: session)
            }
            guard let upload = try FileStore.upload(session, key: key.text), let content = upload.content,
                upload.isPublic(publicImages: settings.publicImages)
            else { return nil }
            return ServedFile(
                content: content, objects: try FileStore.objects(session, of: content), name: upload.name,
                type: upload.type, isPublic: true)
        }
    }

    /// Whether a key was issued or imported here.
    func knows(_ key: FileKey) async throws -> Bool {
        try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try FileStore.upload(session, key: key.text) != nil
        }
    }

    /// `GET /v1/files/:id/download`: the file that a caller may read.
    func served(id: String, _ caller: Caller) async throws -> ServedFile {
        try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try Self.served(Self.readable(id, caller, in: session), in: session)
        }
    }

    private static func served(_ file: StoredFile, in session: any SQLSession) throws -> ServedFile {
        ServedFile(
            content: file.content, objects: try FileStore.objects(session, of: file.content), name: file.name,
            type: file.type, isPublic: file.visibility == .public)
    }

    /// Who an address was made for, as they are now; nil when they are gone, or the key is.
    private static func caller(
        _ claims: FileAddress.Claims, _ key: ResolvedKey?, _ settings: FileSettings, in session: any SQLSession
    ) throws -> Caller? {
        guard let key else { return nil }
        guard let userID = claims.userID else { return key.kind == .secret ? .secretKey : nil }
        guard settings.knowsUsers else {
            return key.kind == .secret ? Caller(.admin, userID: userID) : Caller(userID: userID)
        }
        guard let role = try Accounts.activeRole(of: userID, in: session) else { return nil }
        return Caller(userID: userID, role: role).with(key)
    }

    // MARK: Storing

    /// Begins to take bytes for a key.
    ///
    /// - Parameters:
    ///   - claims: what the address says; its signature and its end were looked at.
    ///   - length: how many bytes come.
    /// - Returns: nil for a key that was never issued here, or was forgotten.
    /// - Throws: `ErrorBody`: 400 for a length that doesn't fit, 403, 409.
    func intake(for key: FileKey, _ claims: FileAddress.Claims, length: Int) async throws -> FileIntake? {
        let (known, replaced) = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            let upload = try FileStore.upload(session, key: key.text)
            let part = try claims.part.map { try FileStore.bytes(session, ofPart: $0.number, of: $0.uploadID) }
            return (upload, part ?? upload?.content?.bytes ?? 0)
        }
        guard let upload = known else { return nil }
        try check(size: length, field: "Content-Length", most: claims.limit ?? settings.fileBytes)
        if claims.part == nil, let announced = upload.announced, announced != length {
            throw ErrorBody.file(
                announced < length ? .fileTooLarge : .fileTooSmall, "Content-Length", "size",
                "is \(length), but \(announced) bytes were announced as fileSize")
        }
        if let part = claims.part, upload.uploadID != part.uploadID || upload.state != .issued {
            throw upload.state == .closed ? ErrorBody.lapsedAddress : ErrorBody.notInParts
        }
        switch upload.state {
        case .closed: throw ErrorBody.lapsedAddress
        case .deleted: throw ErrorBody.registeredKey
        // The same bytes once more are fine: the answer to the first PUT was lost.
        case .registered: return FileIntake(key: key, claims, draft: nil)
        case .issued, .stored:
            let room = try await room(for: length, replacing: replaced, of: upload.userID)
            return FileIntake(key: key, claims, draft: try await objects.begin(bytes: length), room)
        }
    }

    /// Makes the bytes that were taken those of their key.
    ///
    /// - Parameter digest: the SHA-256 that the client named, if it did.
    func finish(_ intake: FileIntake, digest: Data?) async throws -> FileContent {
        let (found, bytes) = (try await intake.end(), intake.bytes)
        do {
            if let digest, digest != found {
                throw ErrorBody.file(
                    .fileDigestMismatch, "Content-Digest", "digest",
                    "isn't that of the bytes that arrived; send them again")
            }
            let content = try await commit(intake, bytes: bytes, sha256: found)
            // The same bytes may have been there before.
            await end(intake.draft, isNamed: content.name == intake.draft?.name)
            tidySometimes()
            return content
        } catch {
            // What failed may have failed after the row was written. Where not even that can be looked up, the sweep finds
            // out.
            let store = store
            let isUnnamed = intake.draft.flatMap { draft in
                try? store.engine.readNow { try FileStore.unnamed($0, of: [draft.name]) }
            }
            await end(intake.draft, isNamed: isUnnamed?.isEmpty ?? true)
            throw error
        }
    }

    /// Lets go of an object: a row names it, or it is of no use.
    private func end(_ draft: (any ObjectDraft)?, isNamed: Bool) async {
        if isNamed { draft?.release() } else { await draft?.discard() }
    }

    private func commit(_ intake: FileIntake, bytes: Int, sha256: Data) async throws -> FileContent {
        let (key, userID, part) = (intake.key, intake.claims.userID, intake.claims.part)
        let (name, settings) = (intake.draft?.name, settings)
        return try await store.write(locking: Self.locks(userID, key.text)) { session in
            if let userID, settings.knowsUsers, try Accounts.activeRole(of: userID, in: session) == nil {
                throw ErrorBody.badAddress
            }
            guard let upload = try FileStore.upload(session, key: key.text) else { throw ErrorBody.lapsedAddress }
            if let part, let name {
                guard upload.uploadID == part.uploadID, upload.state == .issued else {
                    throw upload.state == .closed ? ErrorBody.lapsedAddress : ErrorBody.notInParts
                }
                // Each part may come twice, and one more. Without a bound, one upload could hold any number of them, with
                // those that others have taken the place of.
                let all = try FileStore.bytesOfParts(session, of: part.uploadID) + bytes
                if let announced = upload.announced,
                    all > 2 * announced + (intake.claims.limit ?? settings.fileBytes)
                {
                    throw ErrorBody.file(
                        .fileTooLarge, "Content-Length", "size",
                        "makes \(all) bytes that were sent, but \(announced) were announced as fileSize; begin anew")
                }
                try FileStore.setPart(
                    session, StoredPart(number: part.number, name: name, bytes: bytes), sha256: sha256,
                    of: part.uploadID, by: upload.userID)
                return FileContent(name: name, bytes: bytes, sha256: sha256, storedAt: session.now)
            }
            switch upload.state {
            case .closed: throw ErrorBody.lapsedAddress
            case .registered:
                guard let content = upload.content, content.sha256 == sha256 else { throw ErrorBody.registeredKey }
                return content
            case .deleted: throw ErrorBody.registeredKey
            case .issued, .stored:
                // It was registered when the bytes began to come; a key never goes back.
                guard let name else { throw ErrorBody.lapsedAddress }
                let content = FileContent(name: name, bytes: bytes, sha256: sha256, storedAt: session.now)
                // Decided now: another start of the server, without the option, must not take away what was promised.
                try FileStore.setContent(
                    session, of: upload, to: content, stays: upload.stays(publicImages: settings.publicImages))
                return content
            }
        }
    }
}

/// Bytes on their way to a key: into a new object, or, where the file is registered, only to be compared.
final class FileIntake: @unchecked Sendable {  // used by one request's task alone
    let key: FileKey
    let claims: FileAddress.Claims
    let draft: (any ObjectDraft)?
    /// Until its row counts them, the bytes are counted by this.
    private let room: StorageRoom?
    private(set) var bytes = 0
    private var held = ByteBuffer()
    private var hasPassed = false
    private var hash = SHA256()

    /// How many bytes are gathered before they are written.
    private static let piece = 256 << 10

    init(key: FileKey, _ claims: FileAddress.Claims, draft: (any ObjectDraft)?, _ room: StorageRoom? = nil) {
        self.room = room
        self.key = key
        self.claims = claims
        self.draft = draft
    }

    /// Takes bytes.
    func write(_ more: ByteBuffer) async throws {
        bytes += more.readableBytes
        if held.readableBytes == 0 { held = more } else { held.writeImmutableBuffer(more) }
        // The first piece is a whole one: a storage may want to send it again.
        let enough = hasPassed ? draft?.piece ?? Self.piece : Self.piece
        if held.readableBytes >= enough { try await pass() }
    }

    private func pass() async throws {
        guard held.readableBytes > 0 else { return }
        let piece = held
        held = ByteBuffer()
        hasPassed = true
        if let draft { try await draft.write(piece) } else { hash.update(data: piece.readableBytesView) }
    }

    /// The bytes are all there: makes them durable, and gives their SHA-256.
    fileprivate func end() async throws -> Data {
        try await pass()
        if let draft { return try await draft.store() }
        return Data(hash.finalize())
    }
}
