import BkendWire

extension Verdict {
    /// Classifies what became of a request (sync.md, "Push"; codes of rest-api.md §10).
    package init(_ operation: SyncRequest.Operation, _ response: SyncResponse) {
        if case .put = operation, let word = StorageWord(response) {
            self = .storage(word)
            return
        }
        if case .get(let get) = operation, let word = BytesWord(get, response) {
            self = .bytes(word)
            return
        }
        switch response {
        case .notSent(let failure): self = .notSent(failure)
        case .lost(let failure): self = .lost(failure)
        case .refused(let refusal): self = .refused(refusal)
        case .answered(let answer): self.init(operation, answer)
        }
    }

    private init(_ operation: SyncRequest.Operation, _ answer: SyncAnswer) {
        if (200...299).contains(answer.status), answer.isJSON, let reply = Reply(operation, answer.body) {
            self = .done(reply)
            return
        }
        if let error = Self.error(answer) {
            self.init(operation, error, retryAfter: answer.retryAfter)
            return
        }
        switch answer.status {
        case 414, 431: self = .tooLong
        // Whoever says it, server or proxy: this body never passes.
        case 413: self = .rejected(ErrorBody(.payloadTooLarge, "the request body is larger than the server accepts"))
        case 408, 500...599: self = .serverFailed(status: answer.status, retryAfter: answer.retryAfter)
        case 300...399: self = .foreign(status: answer.status, "redirects are never followed, to protect the key")
        default: self = .foreign(status: answer.status, "the response isn't from a bkend server")
        }
    }

    /// The server's own error, also one that HTTP calls a success.
    private static func error(_ answer: SyncAnswer) -> ErrorBody? {
        guard answer.isJSON, let json = try? JSON(parsing: answer.body) else { return nil }
        if (200...299).contains(answer.status), json["success"] != .bool(false) { return nil }
        guard let error = ErrorBody(json, status: answer.status), error.status >= 400 else { return nil }
        return error
    }

    private static let fileNotFound: ErrorCode = "file/not-found"

    private init(_ operation: SyncRequest.Operation, _ error: ErrorBody, retryAfter: Duration?) {
        switch error.code {
        // A server that keeps no files is one all the same.
        case .routeNotFound where operation.isOfFiles:
            self = .tableRefused(error)
            return
        case Self.fileNotFound where operation.isOfFiles:
            self = .missing
            return
        case .invalidAPIKey, .invalidHeader, .projectAccessDenied, .environmentNotFound, .routeNotFound,
            "auth/email-not-verified", "auth/account-banned", "auth/mfa-required":
            self = .engineRefused(error)
            return
        case .tableNotFound, .scopeInsufficient, .systemTableAccess:
            self = .tableRefused(error)
            return
        case .permissionDenied where error.status == 403:
            self = .denied(error)
            return
        case .pageTooLarge:
            // Of anything but a list of several rows it makes no sense.
            guard let limit = operation.limit, limit > 1 else { break }
            self = .pageTooLarge(error)
            return
        default: break
        }
        switch error.status {
        case 401: self = .unauthorized(error)
        case 404:
            // Of a record only its own code is a deletion; of a list or create it can only be the table.
            if error.code == .notFound {
                switch operation {
                case .record, .update, .delete: self = .missing
                case .list, .create, .spec, .me, .presign, .put, .register, .file, .files, .deleteFile, .fileAddress,
                    .get, .multipart:
                    self = .tableRefused(error)
                }
            } else {
                self = .tableRefused(error)
            }
        // A bkend server that is too busy says so before it does anything.
        case 503 where error.code == .serviceUnavailable: self = .tooMany(retryAfter: retryAfter)
        // The user's files have no more room. Records have nothing to do with that.
        case 507 where operation.isOfFiles: self = .storage(.silent(EntryFailure(error), retryAfter: retryAfter))
        case 408, 500...599: self = .serverFailed(status: error.status, retryAfter: retryAfter)
        case 414, 431: self = .tooLong
        case 425, 429: self = .tooMany(retryAfter: retryAfter)
        default: self = .rejected(error)
        }
    }
}

extension Reply {
    /// Reads a success, nil when it isn't what was asked for: that is no bkend server, or a body cut short.
    init?(_ operation: SyncRequest.Operation, _ body: [UInt8]) {
        switch operation {
        case .list:
            guard let page = AnswerPage(parsing: body) else { return nil }
            self = .page(page)
        case .create:
            guard let row = AnswerRow(answer: body) else { return nil }
            self = .record(row)
        case .record(_, let id), .update(_, let id):
            guard let row = AnswerRow(answer: body), row.id.hasSameBytes(as: id) else { return nil }
            self = .record(row)
        case .delete:
            // `success` or the wrapped form of anything; a portal's JSON has neither.
            guard let json = try? JSON(parsing: body), json["success"] == .bool(true) || json["id"] != nil else {
                return nil
            }
            self = .deleted
        case .spec:
            guard let json = try? JSON(parsing: body), let spec = Answer.payload(of: json).objectValue,
                spec["schema"]?.objectValue != nil
            else { return nil }
            self = .object(spec)
        case .presign:
            guard let json = try? JSON(parsing: body), let issued = Answer.payload(of: json).objectValue,
                issued["key"]?.stringValue != nil, issued["url"]?.stringValue != nil
            else { return nil }
            self = .object(issued)
        case .register:
            guard let row = AnswerRow(answer: body), UploadedFile(row) != nil else { return nil }
            self = .record(row)
        case .file(let id):
            guard let row = AnswerRow(answer: body), row.id.hasSameBytes(as: id), UploadedFile(row) != nil else {
                return nil
            }
            self = .record(row)
        case .files:
            guard let page = AnswerPage(parsing: body) else { return nil }
            self = .page(page)
        case .deleteFile:
            guard let json = try? JSON(parsing: body), let object = json.objectValue,
                object.isEmpty || json["success"] == .bool(true) || json["id"] != nil
            else { return nil }
            self = .deleted
        case .fileAddress:
            guard let json = try? JSON(parsing: body), let address = Answer.payload(of: json).objectValue,
                address["url"]?.stringValue != nil
            else { return nil }
            self = .object(address)
        case .multipart(let step):
            guard let json = try? JSON(parsing: body), let answer = Answer.payload(of: json).objectValue else {
                return nil
            }
            switch step {
            case .begin:
                guard answer["key"]?.stringValue != nil, answer["uploadId"]?.stringValue != nil else { return nil }
            case .address: guard answer["url"]?.stringValue != nil else { return nil }
            case .complete:
                guard answer["key"]?.stringValue != nil || answer["success"] == .bool(true) else { return nil }
            }
            self = .object(answer)
        // A storage answers no JSON that means anything.
        case .put, .get: return nil
        case .me:
            guard let json = try? JSON(parsing: body), let user = Answer.payload(of: json).objectValue,
                user["id"]?.stringValue != nil
            else { return nil }
            self = .object(user)
        }
    }
}

extension StorageWord {
    /// What a response to bytes says; nil where nothing was sent by the performer's own decision.
    init?(_ response: SyncResponse) {
        switch response {
        case .refused: return nil
        case .notSent(let failure), .lost(let failure):
            self = failure.kind == .source ? .bytesMissing(failure.ofBytes) : .silent(failure.ofBytes, retryAfter: nil)
        case .answered(let answer): self.init(answer)
        }
    }

    private init(_ answer: SyncAnswer) {
        let failure = EntryFailure(
            code: "storage", message: "the storage answered \(answer.status)", status: answer.status)
        // Where bkend is the storage, it says why.
        let reason =
            (try? JSON(parsing: answer.body)).flatMap { ErrorBody($0, status: answer.status) }.map {
                EntryFailure($0)
            } ?? failure
        switch answer.status {
        case 200...299:
            self =
                answer.tag.map { .stored(tag: $0) }
                ?? .silent(
                    EntryFailure(
                        code: "foreignAnswer", message: "the answer to the bytes isn't a storage's",
                        status: answer.status), retryAfter: nil)
        case 403: self = .expired(reason)
        case 409: self = .taken
        case 300...399, 408, 425, 429, 500...599: self = .silent(failure, retryAfter: answer.retryAfter)
        default: self = .refused(reason)
        }
    }
}

extension BytesWord {
    /// What a response to the question for bytes says; nil where nothing was sent by the performer's own decision.
    init?(_ get: BytesGet, _ response: SyncResponse) {
        switch response {
        case .refused: return nil
        case .notSent(let failure), .lost(let failure):
            self = failure.kind == .source ? .unwritable(failure.ofBytes) : .silent(failure.ofBytes, retryAfter: nil)
        case .answered(let answer): self.init(get, answer)
        }
    }

    private init(_ get: BytesGet, _ answer: SyncAnswer) {
        let failure = EntryFailure(
            code: "storage", message: "the storage answered \(answer.status)", status: answer.status)
        switch answer.status {
        case 200, 206:
            guard let bytes = answer.bytes else {
                self = .silent(
                    EntryFailure(
                        code: "foreignAnswer", message: "the answer with the bytes isn't a storage's",
                        status: answer.status), retryAfter: nil)
                return
            }
            let size = bytes.total ?? bytes.have
            if size > get.limit || bytes.total != nil && get.size.map({ $0 != size }) ?? false {
                self = .otherSize(size)
            } else {
                self = .came(bytes, tag: answer.tag)
            }
        case 401, 403: self = .refused(failure)
        case 404, 410: self = .missing(failure)
        case 412, 416: self = .changed
        default: self = .silent(failure, retryAfter: answer.retryAfter)
        }
    }
}

extension SyncFailure {
    /// As the entry of a file remembers it.
    fileprivate var ofBytes: EntryFailure {
        kind == .source
            ? EntryFailure(code: "bytesMissing", message: message) : EntryFailure(code: kind.rawValue, message: message)
    }
}
