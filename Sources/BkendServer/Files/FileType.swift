import BkendWire

/// Media types of files (RFC 9110 §8.3.1), and what a browser may do with them.
enum FileType {
    /// The most bytes of a type.
    static let mostBytes = 255

    /// A type as it is stored: in lower case up to its parameters.
    ///
    /// - Throws: `ErrorBody` with 400 when it is none, or too long.
    static func checked(_ text: String, field: String) throws(ErrorBody) -> String {
        guard text.utf8.count <= mostBytes else {
            throw .file(.fileTypeTooLong, field, "maxLength", "may have at most \(mostBytes) bytes")
        }
        let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        let essence = parts[0].filter { $0 != " " && $0 != "\t" }.lowercased()
        let halves = essence.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isToken) }),
            parts.count == 1 || parts[1].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw .file(.fileInvalidFormat, field, "format", "must be a media type, image/png for example")
        }
        return parts.count == 1 ? essence : essence + ";" + parts[1]
    }

    /// Whether it is a picture's.
    static func isImage(_ type: String) -> Bool { type.hasPrefix("image/") }

    /// Whether a browser may show it in its own window: raster images, audio, video, plain text. Whatever could run
    /// (HTML, SVG, XML, PDF with its scripts) is handed over as a file to be saved.
    static func isShown(_ type: String) -> Bool {
        let essence = type.prefix { $0 != ";" }
        switch essence {
        case "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon",
            "image/vnd.microsoft.icon", "image/apng", "image/heic", "image/heif", "image/tiff", "text/plain":
            return true
        default: return essence.hasPrefix("audio/") || essence.hasPrefix("video/")
        }
    }

    /// A token's letters (RFC 9110 §5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
