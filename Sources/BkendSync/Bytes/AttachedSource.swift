import Foundation

/// Where the bytes of a file come from that an app attaches.
package enum AttachedSource: Sendable {
    /// Bytes in memory.
    case data(Data)
    /// A file of this device. It is copied: what becomes of it later doesn't matter.
    case file(URL)

    /// How often a file that changes meanwhile is copied.
    static let attempts = 3

    /// The number of bytes, before they are copied.
    func size() throws -> Int64 {
        switch self {
        case .data(let data): Int64(data.count)
        case .file(let url): try FileState(of: url.path(percentEncoded: false)).size
        }
    }

    /// Copies all bytes.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that there may be.
    ///   - meanwhile: what happens while a file is copied, for tests.
    /// - Throws: `LocalFileProblem.sourceChanged` and others.
    func copy(to draft: FileDraft, limit: Int64, meanwhile: () throws -> Void = {}) throws {
        switch self {
        case .data(let data):
            var rest = data[...]
            while !rest.isEmpty {
                try draft.write(Array(rest.prefix(FileDraft.chunk)))
                rest = rest.dropFirst(FileDraft.chunk)
            }
        case .file(let url):
            for _ in 0..<Self.attempts {
                if try Self.copy(url.path(percentEncoded: false), to: draft, limit: limit, meanwhile) { return }
                try draft.rewind()
            }
            throw StoreError(.file(.sourceChanged))
        }
    }

    /// Whether the file was the same from the beginning to the end.
    private static func copy(
        _ path: String, to draft: FileDraft, limit: Int64, _ meanwhile: () throws -> Void
    ) throws -> Bool {
        let before = try FileState(of: path)
        if before.size > limit { throw StoreError(.file(.tooLarge(limit: limit))) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileState.unreadable(path) }
        defer { close(descriptor) }
        var left = before.size
        while left > 0 {
            let wanted = Int(min(left, Int64(FileDraft.chunk)))
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                repeat { count = read(descriptor, buffer.baseAddress, wanted) } while count < 0 && errno == EINTR
                filled = max(0, count)
            }
            if count < 0 { throw FileState.unreadable(path) }
            if count == 0 { break }
            try draft.write(bytes)
            left -= Int64(count)
        }
        try meanwhile()
        // The name may lead to another file by now, and this one may have been written to while it was read.
        return try left == 0 && FileState(of: path) == before && FileState(open: descriptor, path) == before
    }
}

/// What tells a file at one moment from itself at another.
private struct FileState: Equatable {
    let size: Int64
    let device: UInt64
    let inode: UInt64
    let modified: [Int]

    /// The file at a path, or where a link there leads.
    init(of path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.unreadable(path) }
        try self.init(status, path)
    }

    init(open descriptor: Int32, _ path: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path) }
        try self.init(status, path)
    }

    private init(_ status: stat, _ path: String) throws {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.file(.unreadable("\(URL(filePath: path).lastPathComponent) isn't a file")))
        }
        size = Int64(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        modified = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ].map { Int($0) }
    }

    /// What the system says of a file that can't be read.
    static func unreadable(_ path: String) -> StoreError {
        let reason = String(cString: strerror(errno))
        return StoreError(.file(.unreadable("\(URL(filePath: path).lastPathComponent): \(reason)")))
    }
}
