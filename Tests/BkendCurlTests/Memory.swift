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
