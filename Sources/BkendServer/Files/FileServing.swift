import BkendAccounts
import BkendWire
import HTTPTypes
import HummingbirdCore
import NIOCore

extension RouteAnswer {
    /// A file's bytes, or the part of them that a request asks for, or nothing where the client has them already
    /// (RFC 9110 §13, §14).
    ///
    /// - Parameter objects: where the bytes are.
    /// - Throws: what keeps the bytes from being read, while there is still an answer to say so.
    init(_ file: ServedFile, to request: Request, from objects: any ObjectStorage) async throws {
        try await self.init(file, to: request) { part in
            let reader = ContentReader(file.objects, part, in: objects)
            if request.method != .head { try await reader.begin() }
            return { offset, count in try await reader.read(at: offset, count: count) }
        }
    }

    /// The same, with the bytes from anywhere.
    ///
    /// - Parameter open: begins to read a part of them.
    init(
        _ file: ServedFile, to request: Request,
        open: (Range<Int>) async throws -> @Sendable (Int, Int) async throws -> ByteBuffer
    ) async throws {
        let headers = request.headers
        let (tag, length) = (file.tag, file.content.bytes)
        self.init(.ok, body: AnswerBody(ByteBuffer()))
        self.headers = file.headers
        if headers.haveCurrent(file) {
            status = .notModified
            return
        }
        // A part of other bytes than those at hand would be put together with them.
        let isCurrent = headers[.ifRange].map { $0 == tag } ?? true
        var part = 0..<length
        switch isCurrent ? ByteRange(headers[.range], of: length) : .whole {
        case .whole: break
        case .part(let range):
            part = range
            status = .partialContent
            self.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)"
        case .unsatisfiable:
            self = RouteAnswer(
                ErrorBody(
                    "common/range-not-satisfiable",
                    "the file has \(length) bytes; the header Range asks for none of them",
                    status: 416))
            self.headers[.contentRange] = "bytes */\(length)"
            return
        }
        let read = try await open(part)
        stream = AnswerStream(count: part.count) { [start = part.lowerBound] offset, count in
            try await read(start + offset, count)
        }
    }
}

extension ServedFile {
    /// The strong validator of its bytes.
    var tag: String { content.tag }

    /// What is told of it, and what browsers may do with it: nothing in it runs in this server's origin.
    fileprivate var headers: HTTPFields {
        var headers: HTTPFields = [
            .contentType: type == "text/plain" ? "text/plain; charset=utf-8" : type, .eTag: tag,
            .lastModified: InternetDate.text(content.storedAt, zone: "GMT"), .acceptRanges: "bytes",
            .cacheControl: isPublic ? "public, max-age=300" : "private, no-cache",
            .contentDisposition: "\(FileType.isShown(type) ? "inline" : "attachment"); \(dispositionName)",
            .contentSecurityPolicy: "sandbox; default-src 'none'", .xContentTypeOptions: "nosniff",
        ]
        headers[.resourcePolicy] = "cross-origin"
        return headers
    }

    /// The name to save it by, in the two forms of RFC 6266 §4.3.
    private var dispositionName: String {
        let plain = String(
            decoding: name.utf8.map { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C ? $0 : 0x5F },
            as: UTF8.self)
        return "filename=\"\(plain)\"; filename*=UTF-8''\(QueryItem.percentEncode(name))"
    }
}

extension FileContent {
    /// Its `ETag`.
    var tag: String { "\"\(name)\"" }
}

extension HTTPFields {
    /// Whether the client has the bytes already.
    fileprivate func haveCurrent(_ file: ServedFile) -> Bool {
        if let tags = self[.ifNoneMatch] {
            return tags.split(separator: ",").contains { tag in
                let tag = tag.filter { $0 != " " && $0 != "\t" }
                return tag == "*" || tag == file.tag || tag == "W/" + file.tag
            }
        }
        guard let since = self[.ifModifiedSince].flatMap(InternetDate.moment) else { return false }
        return file.content.storedAt.milliseconds / 1_000 <= since.milliseconds / 1_000
    }
}

extension HTTPField.Name {
    /// `Cross-Origin-Resource-Policy`: pages of other origins may show public files.
    fileprivate static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!  // a valid name
}

/// Reads a content's objects as one.
actor ContentReader {
    private let objects: [(name: String, bytes: Int)]
    private let storage: any ObjectStorage
    /// What is read of them.
    private let part: Range<Int>
    private var open: (index: Int, reader: any ObjectReader)?

    init(_ objects: [(name: String, bytes: Int)], _ part: Range<Int>, in storage: any ObjectStorage) {
        self.objects = objects
        self.part = part
        self.storage = storage
    }

    /// Opens the first object that is read.
    func begin() async throws {
        var start = 0
        for (index, object) in objects.enumerated() {
            if part.lowerBound < start + object.bytes {
                _ = try await reader(index, from: start)
                return
            }
            start += object.bytes
        }
    }

    func read(at offset: Int, count: Int) async throws -> ByteBuffer {
        var start = 0
        for (index, object) in objects.enumerated() {
            if offset < start + object.bytes {
                let reader = try await reader(index, from: start)
                return try await reader.read(at: offset - start, count: min(count, start + object.bytes - offset))
            }
            start += object.bytes
        }
        return ByteBuffer()
    }

    /// - Parameter start: where the object's bytes begin in the content.
    private func reader(_ index: Int, from start: Int) async throws -> any ObjectReader {
        if let open, open.index == index { return open.reader }
        let range = max(0, part.lowerBound - start)..<min(objects[index].bytes, part.upperBound - start)
        let reader = try await storage.open(objects[index].name, for: range)
        open = (index, reader)
        return reader
    }
}
