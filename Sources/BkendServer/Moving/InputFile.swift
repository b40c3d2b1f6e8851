#if Server
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
        // A pipe has no end to go to.
        let end = lseek(descriptor, 0, SEEK_END)
        length = end >= 0 && lseek(descriptor, 0, SEEK_SET) == 0 ? Int(end) : nil
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
#endif
