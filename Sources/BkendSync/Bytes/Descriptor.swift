import Foundation

/// A file that is open, by its number.
enum Descriptor {
    /// Writes all bytes; false where the system refuses, and `errno` says why.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Reads bytes from a position, up to a number; none at the end, nil where the system refuses.
    static func read(_ descriptor: Int32, at position: Int64, upTo wanted: Int) -> [UInt8]? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            repeat {
                count = pread(descriptor, buffer.baseAddress, wanted, off_t(position))
            } while count < 0 && errno == EINTR
            filled = max(0, count)
        }
        return count < 0 ? nil : bytes
    }
}
