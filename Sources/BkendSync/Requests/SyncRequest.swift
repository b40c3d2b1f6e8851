import BkendWire

/// The number of a request of one engine, ascending in the order the engine made them.
package struct RequestID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    package let number: Int

    /// A number.
    package init(number: Int) { self.number = number }

    package static func < (a: RequestID, b: RequestID) -> Bool { a.number < b.number }

    package var description: String { "#\(number)" }
}

/// One request to the server, without address, key and token: those are stamped when it is sent.
package struct SyncRequest: Hashable, Sendable {
    /// What is asked (rest-api.md §2, §8).
    package enum Operation: Hashable, Sendable {
        /// `GET /v1/data/:table?…`
        case list(table: String, [QueryItem])
        /// `GET /v1/data/:table/:id`
        case record(table: String, id: String)
        /// `POST /v1/data/:table`. Never sent a second time by anything below the engine.
        case create(table: String)
        /// `PATCH /v1/data/:table/:id`
        case update(table: String, id: String)
        /// `DELETE /v1/data/:table/:id`
        case delete(table: String, id: String)
        /// `GET /v1/data/:table/spec`
        case spec(table: String)
        /// `GET /v1/auth/me`
        case me
        /// `POST /v1/files/presigned-url`
        case presign
        /// The bytes of a file to their address, without key and token.
        case put(BytesPut)
        /// `POST /v1/files`
        case register
        /// `GET /v1/files/:id`
        case file(id: String)
        /// `GET /v1/files?…`
        case files([QueryItem])
        /// `DELETE /v1/files/:id`
        case deleteFile(id: String)
        /// `POST /v1/files/:id/download-url`
        case fileAddress(id: String)
        /// `POST /v1/files/multipart/…`
        case multipart(MultipartStep)
        /// Bytes of a file from their address, without key and token.
        case get(BytesGet)
    }

    /// What is asked.
    package var operation: Operation
    /// The exact bytes of the body; for a write the same as marked in flight in the store.
    package var body: [UInt8]?
    /// As whom it must be sent, `""` for a guest. The performer refuses where the session's user is another.
    package var user: String
    /// How long everything may take, from the first byte sent to the last received.
    package var deadline: Duration
    /// The outbox entries that it serves; empty for what a pull reads.
    package var entries: [Int64]

    /// A request.
    package init(
        _ operation: Operation, body: [UInt8]? = nil, user: String, deadline: Duration, entries: [Int64] = []
    ) {
        self.operation = operation
        self.body = body
        self.user = user
        self.deadline = deadline
        self.entries = entries
    }
}

extension SyncRequest.Operation {
    /// The table it is about, nil for `me`.
    package var table: String? {
        switch self {
        case .list(let table, _), .record(let table, _), .create(let table), .update(let table, _),
            .delete(let table, _), .spec(let table):
            table
        case .me, .presign, .put, .register, .file, .files, .deleteFile, .fileAddress, .get, .multipart: nil
        }
    }

    /// Whether the server changes a record of a table when it acts.
    package var isWrite: Bool {
        switch self {
        case .create, .update, .delete: true
        case .list, .record, .spec, .me, .presign, .put, .register, .file, .files, .deleteFile, .fileAddress, .get,
            .multipart:
            false
        }
    }

    /// Its name in logs, metrics and spans.
    package var name: String {
        switch self {
        case .list: "list"
        case .record: "record"
        case .create: "create"
        case .update: "update"
        case .delete: "delete"
        case .spec: "spec"
        case .me: "me"
        case .presign: "presign"
        case .put: "put"
        case .register: "register"
        case .file: "file"
        case .files: "files"
        case .deleteFile: "deleteFile"
        case .fileAddress: "fileAddress"
        case .get: "get"
        case .multipart(let step): step.name
        }
    }
}

/// A step of an upload in parts that bkend is asked for.
package enum MultipartStep: String, Hashable, Sendable {
    /// A key.
    case begin = "init"
    /// An address for a part.
    case address = "presigned-url"
    /// That the parts are all.
    case complete

    /// Its name in logs, metrics and spans.
    var name: String {
        switch self {
        case .begin: "beginParts"
        case .address: "partAddress"
        case .complete: "completeParts"
        }
    }
}

/// A file's bytes on their way to their address.
package struct BytesPut: Hashable, Sendable {
    /// The address.
    package var url: String
    /// The media type; nil for a part of a file.
    package var type: String?
    /// The name of the bytes in the store's folder.
    package var name: String
    /// The number of all bytes of the file.
    package var size: Int64
    /// Which of them are sent; nil for all.
    package var part: Range<Int64>?
    /// The SHA-256 of all bytes in hex. The last ones leave only if all have it.
    package var sha256: String
    /// Whether the digest goes along.
    package var sendsDigest: Bool
    /// Whether it is the last of several parts.
    package var isLastPart: Bool { part?.upperBound == size }

    /// Bytes to send.
    package init(
        url: String, type: String?, name: String, size: Int64, part: Range<Int64>? = nil, sha256: String,
        sendsDigest: Bool
    ) {
        self.part = part
        self.url = url
        self.type = type
        self.name = name
        self.size = size
        self.sha256 = sha256
        self.sendsDigest = sendsDigest
    }
}

/// A piece of a file's bytes that is fetched from its address into the store's folder.
package struct BytesGet: Hashable, Sendable {
    /// The address.
    package var url: String
    /// The name of the bytes in the store's folder.
    package var name: String
    /// How many bytes are there, and durable.
    package var have: Int64
    /// Their strong validator; nil where there are none to go on with.
    package var tag: String?
    /// The most bytes to ask for at once.
    package var most: Int64
    /// The number of all bytes, where the server has said it.
    package var size: Int64?
    /// The most bytes that the file may have.
    package var limit: Int64

    /// A piece to fetch.
    package init(
        url: String, name: String, have: Int64, tag: String?, most: Int64, size: Int64? = nil, limit: Int64
    ) {
        self.size = size
        self.url = url
        self.name = name
        self.have = have
        self.tag = tag
        self.most = most
        self.limit = limit
    }
}

extension SyncRequest.Operation {
    /// Whether it goes to a storage, and not to bkend.
    var isToStorage: Bool {
        switch self {
        case .put, .get: true
        default: false
        }
    }

    /// Whether it fetches bytes.
    var isForBytes: Bool { if case .get = self { true } else { false } }

    /// Whether it is about files.
    var isOfFiles: Bool {
        switch self {
        case .presign, .put, .register, .file, .files, .deleteFile, .fileAddress, .get, .multipart: true
        case .list, .record, .create, .update, .delete, .spec, .me: false
        }
    }

    /// The most rows that a list asks for, nil for anything else.
    var limit: Int? {
        guard case .list(_, let items) = self else { return nil }
        return items.first { $0.name.hasSameBytes(as: "limit") }.flatMap { Int($0.value) }
    }
}
