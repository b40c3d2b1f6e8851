import BkendWire

/// The names of files, as clients give them.
enum FileName {
    /// The most bytes of a name.
    static let mostBytes = 255

    /// The name without the path that it came with.
    ///
    /// - Throws: `ErrorBody` with 400: nothing is left, too much is, or it holds what a file can't be called by.
    static func checked(
        _ text: String, field: String, tooLong: ErrorCode = .fileInvalidName
    ) throws(ErrorBody) -> String {
        func refuse(_ code: ErrorCode, _ rule: String, _ what: String) -> ErrorBody {
            .file(code, field, rule, what)
        }
        guard text.utf8.count <= 4 * mostBytes else { throw refuse(tooLong, "maxLength", Self.tooLong) }
        // By scalars: a slash with a combining mark behind it is a character of its own, and a slash all the same.
        let scalars = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
        let name = scalars.last.map { String($0) } ?? ""
        for scalar in name.unicodeScalars {
            if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
                throw refuse(.fileInvalidName, "format", "may not hold control characters")
            }
            if isDirection(scalar) {
                throw refuse(
                    .fileInvalidName, "format",
                    "may not hold marks of writing direction: they show a name as another than it is")
            }
        }
        guard !name.isEmpty, name != ".", name != ".." else {
            throw refuse(.fileInvalidName, "format", "has no name of a file after its last slash")
        }
        guard name.utf8.count <= mostBytes else { throw refuse(tooLong, "maxLength", Self.tooLong) }
        return name
    }

    private static let tooLong = "may have at most \(mostBytes) bytes"

    /// Marks that change in which direction the text around them is shown (Unicode TR 9 §2).
    private static func isDirection(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// What a key has of a name: plain letters, at most 100, with its extension.
    static func keyPart(_ name: String) -> String {
        let plain = name.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "-") }
        let dot = plain.lastIndex(of: UInt8(ascii: ".")) ?? plain.endIndex
        let ending = plain[dot...].count > 1 && plain[dot...].count <= 16 ? plain[dot...] : []
        // A hidden file, or an option of some program, is nothing that a key should look like.
        var stem = plain.dropLast(ending.count).drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        if stem.isEmpty { stem = Array("file".utf8)[...] }
        return String(decoding: stem.prefix(100 - ending.count) + ending, as: UTF8.self)
    }

    /// Whether a byte may stand in a key, beside the slashes between its parts.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

/// What uploads are for: the first part of their keys.
enum FileCategory {
    /// The categories, as rest-api.md §9 has them.
    static let all = ["images", "documents", "media", "attachments", "exports", "backups", "temp"]

    /// The category of a file that names none.
    static func usual(for type: String) -> String {
        if FileType.isImage(type) { return "images" }
        return type.hasPrefix("video/") || type.hasPrefix("audio/") ? "media" : "documents"
    }

    /// The bucket of a file that names none.
    static func bucket(of category: String) -> String {
        ["images", "documents", "media", "temp", "avatars"].contains(category) ? category : "files"
    }
}

/// The buckets that files may be sorted into.
enum FileBucket {
    static let all = ["avatars", "documents", "media", "files", "images", "temp"]
}
