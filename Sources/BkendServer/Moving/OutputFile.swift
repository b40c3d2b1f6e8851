import Foundation

/// A file that is written from its start to its end, buffered, with mode 0600. Under its name it is there as a whole or
/// not at all.
final class OutputFile {
    private let path: String
    private let draft: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    /// How many bytes were written.
    private(set) var count = 0

    private static let size = 256 * 1024

    /// A new file.
    ///
    /// - Throws: `OperatorError` when something has the name, or it can't be made.
    init(_ path: String) throws(OperatorError) {
        self.path = path
        draft = "\(path).new.\(getpid())"
        descriptor = -1
        guard FileStatus(path) == nil else { throw OperatorError("\(path) exists; nothing was overwritten", .present) }
        descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateFile.failure("can't make", draft) }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(draft)
        }
    }

    func write(_ bytes: UnsafeBufferPointer<UInt8>) throws(OperatorError) {
        buffer.append(contentsOf: bytes)
        count += bytes.count
        if buffer.count >= Self.size { try flush() }
    }

    func write(_ bytes: [UInt8]) throws(OperatorError) {
        buffer += bytes
        count += bytes.count
        if buffer.count >= Self.size { try flush() }
    }

    /// Puts the file in its place; it is on disk when this returns.
    func finish() throws(OperatorError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw PrivateFile.failure("can't write", draft) }
        close(descriptor)
        descriptor = -1
        guard try PrivateFile.publish(draft, as: path) else {
            throw OperatorError("\(path) exists; nothing was overwritten", .present)
        }
    }

    private func flush() throws(OperatorError) {
        try Self.write(buffer, to: descriptor, path: draft)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes all of the bytes.
    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(OperatorError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PrivateFile.failure("can't write", path) }
            written += count
        }
    }
}
