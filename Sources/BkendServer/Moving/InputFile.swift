import Foundation

/// A file that is read from its start to its end, or standard input.
final class InputFile: Sendable {
    let path: String
    /// The file's length, nil for a pipe.
    let length: Int?
    private let descriptor: Int32

    /// Opens a file; `-` is standard input.
    ///
    /// - Throws: `OperatorError` when it can't be read.
    init(_ path: String) throws(OperatorError) {
        self.path = path
        if path == "-" {
            descriptor = 0
            length = nil
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PrivateFile.failure("can't read the file", path) }
        length = Self.length(of: descriptor)
    }

    /// Opens a file of the data folder, never through a link: what is no plain file there isn't ours.
    ///
    /// - Throws: `OperatorError` when it is none, or can't be read.
    init(plain path: String) throws(OperatorError) {
        self.path = path
        let isFile = FileStatus(path)?.isFile == true
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw PrivateFile.failure("can't read the file", path) }
        length = isFile ? Self.length(of: descriptor) : nil
        if length == nil { throw OperatorError("\(path) is not a file", .data) }
    }

    /// A pipe has no end to go to, and so no length.
    private static func length(of descriptor: Int32) -> Int? {
        let end = lseek(descriptor, 0, SEEK_END)
        return end >= 0 && lseek(descriptor, 0, SEEK_SET) == 0 ? Int(end) : nil
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    /// What a `ByteSource` reads from.
    func read(_ memory: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Foundation.read(descriptor, memory.baseAddress, memory.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw PrivateFile.failure("can't read the file", path) }
        }
    }
}
