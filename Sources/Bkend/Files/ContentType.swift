import Foundation

/// The media type that goes with a file's name.
enum ContentType {
    /// The type of unknown bytes.
    static let unknown = "application/octet-stream"

    /// The type of a name's extension: of the common ones by a list, of others by the system's (`/etc/mime.types`).
    static func of(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return unknown }
        let ending = name[name.index(after: dot)...].lowercased()
        return common[ending] ?? system[ending] ?? unknown
    }

    private static let common: [String: String] = [
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
        "heic": "image/heic", "heif": "image/heif", "avif": "image/avif", "bmp": "image/bmp", "svg": "image/svg+xml",
        "tif": "image/tiff", "tiff": "image/tiff", "ico": "image/x-icon", "mp4": "video/mp4", "m4v": "video/x-m4v",
        "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo",
        "mpeg": "video/mpeg", "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "wav": "audio/wav",
        "flac": "audio/flac", "ogg": "audio/ogg", "opus": "audio/ogg", "txt": "text/plain", "md": "text/markdown",
        "csv": "text/csv", "html": "text/html", "htm": "text/html", "css": "text/css", "js": "text/javascript",
        "json": "application/json", "xml": "application/xml", "pdf": "application/pdf", "zip": "application/zip",
        "gz": "application/gzip", "tar": "application/x-tar", "7z": "application/x-7z-compressed",
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "epub": "application/epub+zip", "rtf": "application/rtf", "woff2": "font/woff2", "ttf": "font/ttf",
    ]

    /// The system's list: a type, and the endings of its files, in each line.
    private static let system: [String: String] = {
        var types: [String: String] = [:]
        let text = (try? String(contentsOfFile: "/etc/mime.types", encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split { $0 == " " || $0 == "\t" }
            for ending in words.dropFirst() { types[ending.lowercased()] = String(words[0]) }
        }
        return types
    }()
}
