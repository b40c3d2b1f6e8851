public import BkendWire
public import Foundation

/// What an upload says of its file.
///
/// ```swift
/// let options = UploadOptions(visibility: .public, metadata: ["alt": "The harbour at night"])
/// let upload = client.files.upload(photo, name: "harbour.jpg", options)
/// ```
public struct UploadOptions: Hashable, Sendable {
    /// The media type; by the name if nil.
    public var contentType: String?
    /// Who may read the file.
    public var visibility: FileVisibility
    /// What to note of the file: `alt`, `description`, `tags`, or anything else, 16 KiB at most.
    public var metadata: JSONObject
    /// The users that a `shared` file is shown to.
    public var sharedWith: [String]
    /// The width of a picture in pixels.
    public var width: Int?
    /// The height of a picture in pixels.
    public var height: Int?
    /// How long the whole upload may take; nil for as long as it makes progress.
    public var deadline: Duration?

    /// Options. By default only the owner can read the file.
    public init(
        contentType: String? = nil, visibility: FileVisibility = .private, metadata: JSONObject = [:],
        sharedWith: [String] = [], width: Int? = nil, height: Int? = nil, deadline: Duration? = nil
    ) {
        self.contentType = contentType
        self.visibility = visibility
        self.metadata = metadata
        self.sharedWith = sharedWith
        self.width = width
        self.height = height
        self.deadline = deadline
    }
}

extension Files {
    /// Uploads a file of this device.
    ///
    /// ```swift
    /// let upload = client.files.upload(from: video, UploadOptions(visibility: .protected))
    /// for await step in upload.progress { bar.fraction = step.fraction }
    /// let file = try await upload.value
    /// ```
    ///
    /// The file is read while it is sent, and read again if the connection is lost. If it changes meanwhile, the upload
    /// fails with `FileFailure.sourceChanged`.
    ///
    /// - Parameters:
    ///   - file: the file's URL.
    ///   - name: the name to store it by; its own if nil.
    ///   - options: what the server is told of the file, and how it is sent.
    /// - Returns: the upload, which has begun. Its `value` throws `BkendError`, with `file/file-too-large`,
    ///   `common/insufficient-storage` and others, or with the reason `.file`.
    public func upload(
        from file: URL, name: String? = nil, _ options: UploadOptions = UploadOptions()
    ) -> FileTransfer<RemoteFile> {
        let name = name ?? file.lastPathComponent
        return transfer(name, options) { () throws(BkendError) in try FileSource(file: file) }
    }

    /// Uploads bytes in memory.
    ///
    /// - Parameters:
    ///   - data: the bytes.
    ///   - name: the name to store them by.
    ///   - options: what the server is told of the file, and how it is sent.
    public func upload(
        _ data: Data, name: String, _ options: UploadOptions = UploadOptions()
    ) -> FileTransfer<RemoteFile> {
        transfer(name, options) { () throws(BkendError) in FileSource(data) }
    }

    /// Uploads a sequence of bytes, which is read once: if the connection is lost in between, the upload fails.
    ///
    /// - Parameters:
    ///   - chunks: the bytes, piece by piece.
    ///   - length: the number of bytes, which must be known before.
    ///   - name: the name to store it by.
    ///   - options: what the server is told of the file, and how it is sent.
    public func upload<Chunks: AsyncSequence & Sendable>(
        _ chunks: Chunks, length: Int, name: String, _ options: UploadOptions = UploadOptions()
    ) -> FileTransfer<RemoteFile> where Chunks.Element == Data {
        transfer(name, options) { () throws(BkendError) in FileSource(chunks, length: length) }
    }

    private func transfer(
        _ name: String, _ options: UploadOptions, _ source: @escaping @Sendable () throws(BkendError) -> FileSource
    ) -> FileTransfer<RemoteFile> {
        FileTransfer { [self] meter throws(BkendError) in
            let upload = FileUploading(
                files: self, source: try source(), name: name, options: options, meter: meter,
                left: runner.stopwatch(CallOptions(deadline: options.deadline ?? .seconds(1 << 40))))
            return try await upload.run()
        }
    }
}

/// One upload: an address, the bytes, the record. Each step is repeated as far as that can't make a second file.
private struct FileUploading {
    let files: Files
    let source: FileSource
    let name: String
    let options: UploadOptions
    let meter: TransferMeter
    /// What is left of the upload's time.
    let left: @Sendable () -> Duration?

    private var type: String { options.contentType ?? ContentType.of(name) }

    /// Where the bytes go.
    private struct Address {
        let url: String
        let key: String
        /// The id of the record to come, where the server says.
        let fileID: String?
    }

    func run() async throws(BkendError) -> RemoteFile {
        guard source.length > 0 else { throw BkendError(.file(.empty)) }
        if source.isRepeatable, source.length >= PartsUploading.least, let target = try await beginParts() {
            let parts = PartsUploading(runner: files.runner, source: source, meter: meter, left: left)
            try await parts.run(target)
            return try await register(Address(url: "", key: target.key, fileID: target.fileID))
        }
        var address = try await presign()
        let digest: String?
        do throws(BkendError) {
            digest = try await put(to: address)
        } catch {
            // The address may have ended while the bytes were on their way; a new one is a new key, of which nothing is
            // registered.
            guard source.isRepeatable, error.refusedStatus == 403 else { throw error }
            address = try await presign()
            digest = try await put(to: address)
        }
        let file = try await register(address)
        if let sent = digest, let stored = file.sha256, sent != stored.lowercased() {
            try? await files.delete(file.id)
            throw BkendError(.file(.damaged))
        }
        return file
    }

    private func callOptions() -> CallOptions { CallOptions(deadline: left().map { min($0, .seconds(60)) }) }

    /// A request for a key.
    private func request(_ route: [String]) -> Call {
        var call = Call(.post, ["files"] + route, options: callOptions())
        // Without a visibility some servers show pictures to everyone.
        call.body = [
            "filename": .string(name), "contentType": .string(type), "fileSize": .int(Int64(source.length)),
            "visibility": .string(options.visibility.rawValue),
        ]
        call.isHarmless = true
        return call
    }

    private func presign() async throws(BkendError) -> Address {
        let call = request(["presigned-url"])
        let answer = try await files.runner.run(call)
        guard let url = answer.json["url"]?.stringValue, let key = answer.json["key"]?.stringValue else {
            throw answer.mismatch(call, JSONCodingError(path: "url", message: "the address is missing"))
        }
        return Address(url: url, key: key, fileID: answer.json["fileId"]?.stringValue)
    }

    /// Where a large file's parts go; nil where the server takes files as a whole only.
    private func beginParts() async throws(BkendError) -> PartsUploading.Target? {
        let call = request(["multipart", "init"])
        do throws(BkendError) {
            let answer = try await files.runner.run(call)
            guard let key = answer.json["key"]?.stringValue, let id = answer.json["uploadId"]?.stringValue else {
                throw answer.mismatch(call, JSONCodingError(path: "uploadId", message: "the id is missing"))
            }
            return PartsUploading.Target(key: key, uploadID: id, fileID: answer.json["fileId"]?.stringValue)
        } catch {
            if case .server(let body) = error.reason, [404, 405, 501].contains(body.status) { return nil }
            throw error
        }
    }

    /// - Returns: the digest of the bytes that were sent.
    private func put(to address: Address) async throws(BkendError) -> String? {
        try source.check()
        var digest = PassingDigest()
        let answer: StorageAnswer
        do throws(BkendError) {
            answer = try await files.runner.put(
                to: address.url, type: type, isRepeatable: source.isRepeatable, deadline: left
            ) {
                // The reading for an attempt before may not have ended yet: each attempt has a digest of its own.
                digest = PassingDigest()
                return source.body(meter, digest)
            }
        } catch {
            // What couldn't be read is the source's fault.
            try source.check()
            throw error
        }
        try source.check()
        guard answer.tag != nil else { throw answer.refusal }
        return digest.hex
    }

    private func register(_ address: Address) async throws(BkendError) -> RemoteFile {
        var call = Call(.post, ["files"], options: callOptions())
        var body: JSONObject = [
            "s3Key": .string(address.key), "originalName": .string(name), "mimeType": .string(type),
            "size": .int(Int64(source.length)), "visibility": .string(options.visibility.rawValue),
        ]
        body["width"] = options.width.map { .int(Int64($0)) }
        body["height"] = options.height.map { .int(Int64($0)) }
        if !options.metadata.isEmpty { body["metadata"] = .object(options.metadata) }
        if !options.sharedWith.isEmpty { body["sharedWith"] = .array(options.sharedWith.map(JSON.string)) }
        call.body = .object(body)
        // The key makes the second copy of a registration known as such.
        call.isHarmless = true
        do throws(BkendError) { return try await files.file(call) } catch {
            guard error.code == .fileKeyExists || error.mayHaveBeenApplied else { throw error }
            if let file = await registered(address) { return file }
            if error.isCancelled { throw error }
            throw BkendError(.file(.mayBeRegistered(key: address.key)), operation: call.operation)
        }
    }

    /// The record of this upload, if the answer to its registration alone was lost.
    private func registered(_ address: Address) async -> RemoteFile? {
        guard let id = address.fileID, let file = try? await files.get(id, options: callOptions()),
            file.key.hasSameBytes(as: address.key)
        else { return nil }
        return file
    }
}
