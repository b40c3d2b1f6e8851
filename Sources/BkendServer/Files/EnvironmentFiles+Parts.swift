import BkendAccounts
import BkendStorage
import BkendWire
import Foundation

// Large files come in parts, each with an address of its own. A file's content is its parts: completing copies nothing.

/// What a client says that a file consists of.
struct ListedPart: Sendable {
    let number: Int
    /// The `ETag` that the part's PUT was answered with, without quotes.
    let tag: String
}

extension EnvironmentFiles {
    /// The numbers that parts may have.
    static let partNumbers = 1...10_000
    /// The fewest bytes of every part but the last.
    static let leastPartBytes = 5 << 20
    /// Seconds in which all parts must come.
    private static let partsSeconds: Int64 = 7 * 24 * 60 * 60

    /// `POST /v1/files/multipart/init`: a key, and the id of the upload in parts.
    func beginParts(_ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let fields = FileFields(body)
        guard try fields.number("fileSize", negative: .fileSizeNegative) != nil else {
            throw ErrorBody.file(.fileInvalidFormat, "fileSize", "required", "is required")
        }
        let upload = try await issue(
            fields, asker, most: settings.largeFileBytes,
            expiresAt: Timestamp(clamping: now().milliseconds + Self.partsSeconds * 1_000),
            uploadID: FileKey.randomDigits(16))
        return [
            "uploadId": upload.uploadID.map(JSON.string) ?? .null, "key": .string(upload.key),
            "filename": .string(upload.name), "contentType": .string(upload.type), "fileId": .string(upload.fileID),
            "partSize": .object([
                "min": .int(Int64(Self.leastPartBytes)), "max": .int(Int64(settings.fileBytes)),
            ]),
        ]
    }

    /// `POST /v1/files/multipart/presigned-url`: an address to PUT one part to.
    func partAddress(_ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let fields = FileFields(body)
        guard let number = try fields.number("partNumber", negative: .filePartNumber), Self.partNumbers.contains(number)
        else {
            throw ErrorBody.file(
                .filePartNumber, "partNumber", "range",
                "must be a number from \(Self.partNumbers.lowerBound) to \(Self.partNumbers.upperBound)")
        }
        let (key, uploadID) = try Self.names(fields)
        let upload = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try Self.upload(key, uploadID, asker.caller, in: session)
        }
        guard upload.state == .issued else { throw ErrorBody.notInParts }
        let signer = try await keys.signing()
        let expiresAt = now().milliseconds / 1_000 + FileSettings.putSeconds
        let claims = FileAddress.Claims(
            purpose: .put, expiresAt: expiresAt, userID: asker.caller.userID, keyMark: asker.keyMark,
            limit: settings.fileBytes, part: .init(uploadID: uploadID, number: number))
        return [
            "url": .string(FileAddress.url(ofKey: key, base: asker.base, claims, signedBy: signer)),
            "partNumber": .int(Int64(number)),
            "expiresAt": .string(Timestamp(clamping: expiresAt * 1_000).description),
        ]
    }

    /// `POST /v1/files/multipart/complete`: the parts make the file's bytes. Asked again with the same parts, it answers the
    /// same.
    func completeParts(_ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let fields = FileFields(body)
        let (key, uploadID) = try Self.names(fields)
        let listed = try fields.parts()
        let caller = asker.caller
        try await store.write(locking: locks(of: caller, key), check: StorageCheck(caller)) { session in
            let upload = try Self.upload(key, uploadID, caller, in: session)
            let present = try FileStore.parts(session, of: uploadID)
            let chosen = try Self.choose(listed, among: present, announced: upload.announced)
            switch upload.state {
            case .issued: break
            case .stored, .registered:
                guard chosen.count == present.count else { throw ErrorBody.notInParts }
                return
            case .deleted: throw ErrorBody.registeredKey
            case .closed: throw ErrorBody.unknownKey
            }
            let names = Set(chosen.map(\.name))
            for part in present where !names.contains(part.name) { try FileStore.drop(session, object: part.name) }
            let content = FileContent(
                name: uploadID, bytes: chosen.reduce(0) { $0 + $1.bytes }, sha256: nil, storedAt: session.now)
            try FileStore.setStored(
                session, of: upload, content, stays: upload.stays(publicImages: self.settings.publicImages))
        }
        return ["key": .string(key), "location": .string(FileAddress.url(ofKey: key, base: asker.base))]
    }

    /// `POST /v1/files/multipart/abort`: nothing comes of the parts.
    func abortParts(_ body: JSONObject, _ asker: FileCaller) async throws -> JSONObject {
        let (key, uploadID) = try Self.names(FileFields(body))
        let caller = asker.caller
        try await store.write(locking: locks(of: caller, key), check: StorageCheck(caller)) { session in
            let upload = try Self.upload(key, uploadID, caller, in: session)
            switch upload.state {
            case .issued, .stored: try FileStore.close(session, upload)
            case .closed: break
            case .registered, .deleted: throw ErrorBody.registeredKey
            }
        }
        tidySometimes()
        return ["success": true, "key": .string(key)]
    }

    /// The key of an upload in parts, for the routes that name its id alone.
    func key(ofParts uploadID: String) async throws -> String {
        let key = try await store.lookUp(limit: settings.queryLimit) { session, _ in
            try session.first(FileSQL.keyOfParts, uploadID) { $0.text(0) }
        }
        guard let key else { throw ErrorBody.unknownKey }
        return key
    }

    private static func names(_ fields: FileFields) throws -> (key: String, uploadID: String) {
        guard let key = try fields.key() else {
            throw ErrorBody.file(.fileInvalidPath, "key", "required", "is required")
        }
        return (key, try fields.required("uploadId", code: .fileInvalidPath))
    }

    /// The caller's upload in parts.
    private static func upload(
        _ key: String, _ uploadID: String, _ caller: Caller, in session: any SQLSession
    ) throws -> FileUpload {
        guard caller.group != .guest else { throw ErrorBody.signInFirst }
        guard let upload = try FileStore.upload(session, key: key), let own = upload.uploadID,
            own.hasSameBytes(as: uploadID)
        else { throw ErrorBody.unknownKey }
        guard FileAccess.mayRegister(upload, caller) else { throw ErrorBody.notYourKey }
        return upload
    }

    /// The parts that a client lists, in order: each there, with the tag that it was answered, large enough, and together
    /// as many bytes as were announced.
    static func choose(
        _ listed: [ListedPart], among present: [StoredPart], announced: Int?
    ) throws(ErrorBody) -> [StoredPart] {
        let present = Dictionary(present.map { ($0.number, $0) }, uniquingKeysWith: { _, last in last })
        var chosen: [StoredPart] = []
        for (index, part) in listed.enumerated() {
            func refuse(_ rule: String, _ what: String) -> ErrorBody {
                .file(.filePartsArray, "parts[\(index)]", rule, what)
            }
            if let last = chosen.last, part.number <= last.number {
                throw refuse(
                    "order", "has the number \(part.number) after \(last.number); list each part once, in order")
            }
            guard let found = present[part.number] else {
                throw refuse("exists", "is the part \(part.number), of which no bytes came")
            }
            guard found.name.hasSameBytes(as: part.tag) else {
                throw refuse("etag", "has another etag than the bytes of part \(part.number) that came last")
            }
            guard found.bytes >= leastPartBytes || index == listed.count - 1 else {
                throw .file(
                    .fileTooSmall, "parts[\(index)]", "minimum",
                    "has \(found.bytes) bytes; every part but the last has at least \(leastPartBytes)")
            }
            chosen.append(found)
        }
        let bytes = chosen.reduce(0) { $0 + $1.bytes }
        if let announced, bytes != announced {
            throw .file(
                bytes > announced ? .fileTooLarge : .fileTooSmall, "parts", "size",
                "have \(bytes) bytes together, but \(announced) were announced as fileSize")
        }
        return chosen
    }
}

/// A part whose bytes are there.
struct StoredPart: Sendable {
    let number: Int
    /// The object that it is in; its `ETag`.
    let name: String
    let bytes: Int
}

extension FileFields {
    /// The parts of a file, as a client lists them.
    func parts() throws(ErrorBody) -> [ListedPart] {
        let refusal = ErrorBody.file(
            .filePartsArray, "parts", "type", #"must be an array of 1 to 10000 objects {"partNumber", "etag"}"#)
        guard let values = array("parts"), (1...10_000).contains(values.count) else { throw refusal }
        var parts: [ListedPart] = []
        for value in values {
            guard let number = value["partNumber"]?.intValue.flatMap({ Int(exactly: $0) }),
                let tag = (value["etag"] ?? value["ETag"])?.stringValue
            else { throw refusal }
            parts.append(ListedPart(number: number, tag: tag.filter { $0 != "\"" }))
        }
        return parts
    }
}
