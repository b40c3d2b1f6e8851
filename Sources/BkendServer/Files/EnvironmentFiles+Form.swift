import BkendAccounts
import BkendWire
import NIOCore

// A file as a part of a form (rest-api.md §13): `file`, and beside it `visibility`, `category`, `bucket`, `metadata`, …

extension EnvironmentFiles {
    /// The fields of a form that may stand beside the file, with the most bytes of each.
    private static let formFields = [
        "visibility": 64, "category": 64, "bucket": 64, "originalName": 1_024, "metadata": FileFields.metadataBytes,
        "width": 16, "height": 16, "sharedWith": 70 * FileFields.mostShares,
    ]

    /// `POST /v1/files/upload`, and `POST /v1/files` with a form: stores and registers the form's file.
    ///
    /// - Parameters:
    ///   - length: how many bytes the form has.
    ///   - callerNow: who sends it, as of when its last byte is there.
    func upload(
        _ form: inout FormReader, length: Int, _ asker: FileCaller, callerNow: () async throws -> Caller
    ) async throws -> (file: StoredFile, shares: [String]) {
        guard asker.caller.group != .guest else { throw ErrorBody.signInFirst }
        var issued: FileUpload?
        do {
            let (intake, registration) = try await read(&form, length: length, asker, issued: &issued)
            let caller = try await callerNow()
            guard caller.userID == asker.caller.userID, caller.group != .guest else { throw ErrorBody.signInFirst }
            _ = try await finish(intake, digest: nil)
            return try await register(key: intake.key.text, fileID: nil, registration, caller)
        } catch {
            // Nothing can come of the key any more: it doesn't count as begun, whether or not the client is still there.
            if let issued {
                try? await Requester.$current.withValue(Requester(share: Requester.current.share)) {
                    try await abandon(issued)
                }
            }
            throw error
        }
    }

    private func abandon(_ upload: FileUpload) async throws {
        try await store.write(locking: Self.locks(upload.userID, upload.key)) { session in
            guard let upload = try FileStore.upload(session, key: upload.key), upload.state == .issued else { return }
            try FileStore.forget(session, upload)
        }
    }

    /// Reads a form to its end.
    ///
    /// - Parameter issued: set to the upload that its file is, as soon as there is one.
    private func read(
        _ form: inout FormReader, length: Int, _ asker: FileCaller, issued: inout FileUpload?
    ) async throws -> (FileIntake, FileRegistration) {
        var values: JSONObject = [:]
        var intake: FileIntake?
        var fieldBytes = 0
        while let part = try await form.nextPart() {
            if part.fileName != nil || part.name == "file" {
                guard intake == nil else { throw ErrorBody.file(.fileInvalidFormat, "file", "once", "is there twice") }
                intake = try await take(part, of: &form, length: length, values, asker, issued: &issued)
                continue
            }
            guard let most = Self.formFields[part.name] else {
                let names = Self.formFields.keys.sorted().joined(separator: ", ")
                throw ErrorBody.file(
                    .fileInvalidFormat, part.name.shortened(to: 64), "unknown",
                    "isn't a field of this form, which takes file, \(names)")
            }
            let text = try await form.text(of: part, atMost: min(most, FormReader.mostOverhead - fieldBytes))
            fieldBytes += text.utf8.count
            values[part.name] = try Self.value(text, of: part.name)
        }
        guard let intake else { throw ErrorBody.file(.fileInvalidFormat, "file", "required", "is required") }
        guard intake.bytes > 0 else {
            throw ErrorBody.file(.fileTooSmall, "file", "minimum", "must have at least 1 byte: a file has bytes")
        }
        return (intake, try FileFields(values).formRegistration())
    }

    /// Takes the bytes of the form's file.
    private func take(
        _ part: FormReader.Part, of form: inout FormReader, length: Int, _ values: JSONObject, _ asker: FileCaller,
        issued: inout FileUpload?
    ) async throws -> FileIntake {
        let type = try FileType.checked(part.type ?? "application/octet-stream", field: "file")
        let fields = FileFields(values)
        let announced = AnnouncedFile(
            name: try FileName.checked(part.fileName ?? "", field: "file"), type: type,
            // Private until it is registered with what the form says.
            visibility: .private,
            category: try fields.choice("category", of: FileCategory.all) ?? FileCategory.usual(for: type))
        // The form is a little larger than its file.
        let room = try await room(for: length, of: asker.caller.userID)
        let upload = try await issue(announced, for: asker.caller.userID, asker.caller, expiresAt: putEnd)
        issued = upload
        guard let key = FileKey(upload.key) else { throw ErrorBody.unknownKey }
        let intake = FileIntake(key: key, putClaims(of: upload, asker), draft: try await objects.begin(), room)
        while let some = try await form.nextBytes() {
            guard intake.bytes + some.readableBytes <= settings.fileBytes else {
                throw ErrorBody.file(
                    .fileTooLarge, "file", "maximum",
                    "has more than the \(settings.fileBytes) bytes that a file may have")
            }
            try await intake.write(some)
        }
        return intake
    }

    /// A field's text as the value that a JSON body would have.
    private static func value(_ text: String, of name: String) throws(ErrorBody) -> JSON {
        switch name {
        // One user's id needs no brackets, and may look like a number.
        case "sharedWith" where !text.hasPrefix("["): return .array([.string(text)])
        case "metadata", "sharedWith":
            guard let json = try? JSON(parsing: text) else {
                throw .file(.fileInvalidFormat, name, "json", "must be JSON")
            }
            return json
        case "width", "height":
            guard let number = Int64(text) else {
                throw .file(.fileInvalidFormat, name, "type", "must be a whole number")
            }
            return .int(number)
        default: return .string(text)
        }
    }
}

extension FileFields {
    /// What the fields of a form say of its file.
    fileprivate func formRegistration() throws(ErrorBody) -> FileRegistration {
        var out = try optionalRegistration()
        if let name = try text("originalName"), !name.isEmpty {
            out.name = try FileName.checked(name, field: "originalName", tooLong: .fileNameTooLong)
        }
        return out
    }
}
