import Foundation

/// Files in which the kernel tells about itself.
enum Kernel {
    /// Read through a handle, since these files claim to be empty.
    static func file(_ path: String) -> String {
        let data = try? FileHandle(forReadingFrom: URL(filePath: path)).readToEnd()
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}

/// What the process holds.
enum Memory {
    /// Resident bytes.
    static var resident: Int {
        Int(Kernel.file("/proc/self/statm").split(separator: " ")[1])! * 4_096  // two numbers at least, always
    }

    /// Open descriptors.
    static var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}

/// A measurement beyond its bound. Measuring tests run in a process of their own (an exit test), since other suites
/// allocate and open beside them.
struct Exceeded: Error {
    /// Throws when `value` is beyond `bound`, which ends an exit test's process in failure.
    static func check(_ value: Int, below bound: Int) throws {
        guard value < bound else { throw Exceeded() }
    }
}
