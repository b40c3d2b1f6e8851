import Foundation

/// A body of zeros, which compress to almost nothing.
enum Zeros {
    /// So many of them, as gzip has them at a level from 1 to 9.
    static func gzipped(_ count: Int, level: Int) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "head -c \(count) /dev/zero | gzip -\(level)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Array(bytes)
    }
}
