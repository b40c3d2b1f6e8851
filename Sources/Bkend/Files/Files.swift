import BkendWire
import Foundation

/// The files of a client's environment (rest-api.md §9).
///
/// ```swift
/// let upload = client.files.upload(from: photo, UploadOptions(visibility: .public))
/// for await step in upload.progress { bar.fraction = step.fraction }
/// let file = try await upload.value
/// let post = try await posts.create(Post(title: "Lisbon", content: file.id))
/// ```
///
/// Uploads need a signed-in user, or a secret key. Bytes go to an address that the server signs for each upload, without
/// key or token, and are streamed both ways: a file of any size takes little memory.
public struct Files: Sendable {
    let runner: CallRunner

    /// A file's record.
    ///
    /// - Throws: `BkendError`, with `file/not-found`, or `file/access-denied` if the file isn't shown to you.
    public func get(_ id: RemoteFile.ID, options: CallOptions = .default) async throws(BkendError) -> RemoteFile {
        try await file(Call(.get, ["files", id], options: options))
    }

    /// A page of the files that the caller may read.
    ///
    /// ```swift
    /// let mine = try await client.files.list()
    /// ```
    ///
    /// - Parameters:
    ///   - list: which files, and in what order.
    ///   - page: from 1.
    ///   - limit: the number of files per page, at most 100.
    ///   - options: options for the request.
    public func list(
        _ list: FileList = FileList(), page: Int = 1, limit: Int = 20, options: CallOptions = .default
    ) async throws(BkendError) -> FilePage {
        var call = Call(.get, ["files"], options: options)
        call.query = list.queryItems(page: page, limit: limit)
        let answer = try await runner.run(call)
        guard let page = RecordPage(answer.json) else {
            throw answer.mismatch(call, JSONCodingError(path: "items", message: "expected a list of files"))
        }
        var files: [RemoteFile] = []
        for item in page.items {
            do throws(JSONCodingError) { files.append(try RemoteFile(json: item)) } catch {
                throw answer.mismatch(call, error)
            }
        }
        return FilePage(files: files, pagination: page.pagination)
    }

    /// Changes a file's record. Only its owner and administrators may.
    ///
    /// ```swift
    /// try await client.files.update(file.id, FileChanges(visibility: .private))
    /// ```
    @discardableResult
    public func update(
        _ id: RemoteFile.ID, _ changes: FileChanges, options: CallOptions = .default
    ) async throws(BkendError) -> RemoteFile {
        var call = Call(.patch, ["files", id], options: options)
        call.body = .object(changes.json)
        return try await file(call)
    }

    /// Deletes a file permanently. Only its owner and administrators may.
    public func delete(_ id: RemoteFile.ID, options: CallOptions = .default) async throws(BkendError) {
        _ = try await runner.run(Call(.delete, ["files", id], options: options))
    }

    /// An address of the bytes, for an image view or a player: permanently if the file is public, otherwise for about an hour.
    public func url(_ id: RemoteFile.ID, options: CallOptions = .default) async throws(BkendError) -> FileAddress {
        var call = Call(.post, ["files", id, "download-url"], options: options)
        call.isHarmless = true
        let answer = try await runner.run(call)
        guard let object = answer.json.objectValue else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected an address"))
        }
        do throws(JSONCodingError) {
            let fields = AnswerFields(object)
            return FileAddress(
                url: try fields.text("url"), expiresAt: try fields.optionalDate("expiresAt"),
                name: try fields.optionalText("filename") ?? id,
                contentType: try fields.optionalText("contentType") ?? ContentType.unknown,
                size: object["size"]?.intValue.flatMap { Int(exactly: $0) } ?? 0)
        } catch {
            throw answer.mismatch(call, error)
        }
    }

    func file(_ call: Call) async throws(BkendError) -> RemoteFile {
        let answer = try await runner.run(call)
        do throws(JSONCodingError) {
            guard let object = answer.json.objectValue else {
                throw JSONCodingError(path: "", message: "expected a file")
            }
            return try RemoteFile(json: object)
        } catch {
            throw answer.mismatch(call, error)
        }
    }
}

extension BkendClient {
    /// The environment's files.
    public var files: Files { Files(runner: runner) }
}
