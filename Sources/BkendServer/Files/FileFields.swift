import BkendWire

/// What a body says of a file, each member of its type or named in an error.
struct FileFields {
    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    /// The most bytes of a file's metadata as JSON.
    static let metadataBytes = 16 << 10
    /// The most users that a file can be shared with.
    static let mostShares = 1_000

    func array(_ name: String) -> [JSON]? { object[name]?.arrayValue }

    func has(_ name: String) -> Bool { object[name] != nil }

    /// Refuses members that would be passed over: their sender takes them for stored.
    func refuse(allBut names: [String]) throws(ErrorBody) {
        let others = object.keys.filter { key in !names.contains { $0.hasSameBytes(as: key) } }
        guard let first = others.first?.shortened(to: 64) else { return }
        throw .file(
            .invalidParameters, first, "unknown",
            "can't be changed by this route, which takes \(names.joined(separator: ", "))")
    }

    func text(_ name: String, code: ErrorCode = .fileInvalidFormat) throws(ErrorBody) -> String? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other): throw .file(code, name, "type", "must be a string, not \(other.typeName)")
        }
    }

    func required(_ name: String, code: ErrorCode) throws(ErrorBody) -> String {
        guard let text = try text(name, code: code), !text.isEmpty else {
            throw .file(code, name, "required", "is required")
        }
        return text
    }

    /// A whole number, 0 or more.
    func number(_ name: String, negative: ErrorCode = .fileInvalidFormat) throws(ErrorBody) -> Int? {
        switch object[name] {
        case nil, .null: return nil
        case .some(let json):
            guard let number = json.intValue.flatMap({ Int(exactly: $0) }) else {
                throw .file(.fileInvalidFormat, name, "type", "must be a whole number")
            }
            guard number >= 0 else { throw .file(negative, name, "minimum", "can't be negative") }
            return number
        }
    }

    func visibility() throws(ErrorBody) -> FileVisibility? {
        guard let text = try text("visibility") else { return nil }
        guard let visibility = FileVisibility(rawValue: text) else {
            throw .file(.fileInvalidFormat, "visibility", "enum", "must be private, protected, shared or public")
        }
        return visibility
    }

    /// A text that is one of some.
    func choice(_ name: String, of choices: [String]) throws(ErrorBody) -> String? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        guard let choice = choices.first(where: { $0.hasSameBytes(as: text) }) else {
            throw .file(.fileInvalidFormat, name, "enum", "must be one of \(choices.joined(separator: ", "))")
        }
        return choice
    }

    func metadata() throws(ErrorBody) -> JSONObject? {
        switch object["metadata"] {
        case nil, .null: return nil
        case .object(let metadata)?:
            try Self.check(metadata)
            return metadata
        case .some(let other):
            throw .file(.fileInvalidFormat, "metadata", "type", "must be an object, not \(other.typeName)")
        }
    }

    /// Refuses metadata that is larger than a file's may be.
    static func check(_ metadata: JSONObject) throws(ErrorBody) {
        guard JSON.object(metadata).serialized().count <= metadataBytes else {
            throw .file(.fileInvalidFormat, "metadata", "maxLength", "may have at most \(metadataBytes) bytes as JSON")
        }
    }

    /// The users that a file is shared with, each once.
    func sharedWith() throws(ErrorBody) -> [String]? {
        switch object["sharedWith"] {
        case nil, .null: return nil
        case .array(let values)?:
            let ids = values.compactMap(\.stringValue)
            guard ids.count == values.count, ids.count <= Self.mostShares,
                ids.allSatisfy({ (1...64).contains($0.utf8.count) })
            else {
                throw .file(
                    .fileInvalidFormat, "sharedWith", "type", "must be an array of at most \(Self.mostShares) user ids")
            }
            return Set(ids).sorted()
        case .some(let other):
            throw .file(.fileInvalidFormat, "sharedWith", "type", "must be an array, not \(other.typeName)")
        }
    }

    /// The key, by either of its names.
    func key() throws(ErrorBody) -> String? {
        var found = try text("s3Key", code: .fileInvalidPath)
        if found == nil { found = try text("key", code: .fileInvalidPath) }
        guard let key = found else { return nil }
        guard key.utf8.count <= FileKey.mostBytes else {
            throw .file(.fileKeyTooLong, "s3Key", "maxLength", "may have at most \(FileKey.mostBytes) bytes")
        }
        return key
    }

    /// What a registration says.
    func registration() throws(ErrorBody) -> FileRegistration {
        var out = try optionalRegistration()
        out.name = try FileName.checked(
            required("originalName", code: .fileInvalidName), field: "originalName", tooLong: .fileNameTooLong)
        out.type = try FileType.checked(required("mimeType", code: .fileInvalidFormat), field: "mimeType")
        guard let size = try number("size", negative: .fileSizeNegative) else {
            throw .file(.fileInvalidFormat, "size", "required", "is required")
        }
        out.size = size
        return out
    }

    /// What a registration may say, and needn't.
    func optionalRegistration() throws(ErrorBody) -> FileRegistration {
        var out = FileRegistration()
        out.width = try number("width")
        out.height = try number("height")
        out.visibility = try visibility()
        out.bucket = try choice("bucket", of: FileBucket.all)
        out.metadata = try metadata()
        out.sharedWith = try sharedWith()
        return out
    }
}
