import BkendAccounts
import BkendWire
import HTTPTypes

/// The file operations of one request: reads what the request says, and leaves the rest to `EnvironmentFiles`.
struct FileRoutes: Sendable {
    private let call: RouteCall
    private let asker: FileCaller

    /// The operations of a call.
    ///
    /// - Parameter caller: who sends it once its body is there; nil for who sent its head.
    init(_ call: RouteCall, by caller: Caller? = nil) {
        self.call = call
        asker = call.asker(caller ?? call.caller)
    }

    private var files: EnvironmentFiles { call.environment.files }
    private var caller: Caller { asker.caller }

    func presign(_ body: JSONObject) async throws -> RouteAnswer {
        .private(.ok, try await files.presign(body, asker))
    }

    func beginParts(_ body: JSONObject) async throws -> RouteAnswer {
        RouteAnswer(.ok, try await files.beginParts(body, asker))
    }

    func partAddress(_ body: JSONObject) async throws -> RouteAnswer {
        .private(.ok, try await files.partAddress(body, asker))
    }

    func completeParts(_ body: JSONObject) async throws -> RouteAnswer {
        RouteAnswer(.ok, try await files.completeParts(body, asker))
    }

    func abortParts(_ body: JSONObject) async throws -> RouteAnswer {
        RouteAnswer(.ok, try await files.abortParts(body, asker))
    }

    /// Names the upload in parts as the path does: by its id, and by its key where the body has none.
    func inParts(_ body: JSONObject) async throws -> JSONObject {
        var body = body
        body["uploadId"] = .string(call.id)
        if body["key"] == nil, body["s3Key"] == nil { body["key"] = .string(try await files.key(ofParts: call.id)) }
        return body
    }

    func register(_ body: JSONObject) async throws -> RouteAnswer {
        answer(.created, try await files.register(body, caller))
    }

    /// A file in a form.
    func upload(_ boundary: String) async throws -> RouteAnswer {
        guard let length = call.request.headers[.contentLength].flatMap({ Int($0) }) else {
            throw ErrorBody.lengthMissing
        }
        guard length <= call.route.budget(call.limits).bodyBytes else {
            throw ErrorBody.file(
                .fileTooLarge, "file", "maximum",
                "is larger than the \(call.limits.fileBytes) bytes that a file may have")
        }
        var form = FormReader(call.request.body, boundary: boundary)
        let found = try await files.upload(&form, length: length, asker, callerNow: call.callerNow)
        return answer(.created, found)
    }

    func presignAvatar(_ body: JSONObject) async throws -> RouteAnswer {
        .private(.ok, try await files.presignAvatar(of: call.id, body, asker))
    }

    func setAvatar(_ body: JSONObject) async throws -> RouteAnswer {
        .private(.ok, try await files.setAvatar(of: call.id, body, asker))
    }

    func removeAvatar() async throws -> RouteAnswer {
        RouteAnswer(.ok, try await files.removeAvatar(of: call.id, caller))
    }

    func complete() async throws -> RouteAnswer { answer(.created, try await files.complete(call.id, caller)) }

    func get() async throws -> RouteAnswer { answer(.ok, try await files.file(call.id, caller)) }

    func list() async throws -> RouteAnswer {
        let list = try FileList(queryItems: QueryItem.decode(call.query))
        let (found, pagination) = try await files.list(list, caller)
        var page = pagination.json
        // The names that pages of files have in the documentation, beside those of all lists.
        page["hasNextPage"] = .bool(pagination.hasNext)
        page["hasPrevPage"] = .bool(pagination.hasPrev)
        return RouteAnswer(
            .ok, ["items": .array(found.map { .object(json($0.file, $0.shares)) }), "pagination": .object(page)])
    }

    func buckets() async throws -> RouteAnswer { RouteAnswer(.ok, try await files.buckets(caller)) }

    func update(_ body: JSONObject) async throws -> RouteAnswer {
        answer(.ok, try await files.update(call.id, body, caller))
    }

    func setVisibility(_ body: JSONObject) async throws -> RouteAnswer {
        answer(.ok, try await files.update(call.id, body, only: ["visibility", "sharedWith"], caller))
    }

    func delete() async throws -> RouteAnswer {
        try await files.delete(call.id, caller)
        return RouteAnswer(.ok, ["success": true])
    }

    func downloadAddress() async throws -> RouteAnswer {
        .private(.ok, try await files.downloadAddress(call.id, asker))
    }

    func download() async throws -> RouteAnswer {
        try await RouteAnswer(try await files.served(id: call.id, caller), to: call.request, from: files.objects)
    }

    private func answer(
        _ status: HTTPResponse.Status, _ found: (file: StoredFile, shares: [String])
    ) -> RouteAnswer {
        RouteAnswer(status, json(found.file, found.shares))
    }

    private func json(_ file: StoredFile, _ shares: [String]) -> JSONObject {
        file.json(sharedWith: shares, isWhole: FileAccess.mayChange(file, caller), base: asker.base)
    }
}

extension RouteAnswer {
    /// An answer with an address that is as good as a key.
    fileprivate static func `private`(_ status: HTTPResponse.Status, _ json: JSONObject) -> RouteAnswer {
        var answer = RouteAnswer(status, json)
        answer.headers[.cacheControl] = "no-store"
        return answer
    }
}
