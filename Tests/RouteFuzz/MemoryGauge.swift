import Foundation

/// The process's peak of resident memory, which Linux forgets on request (proc(5), `clear_refs`).
struct MemoryGauge {
    /// Bytes of resident memory now and at most since `forget`; nil where the system doesn't tell.
    static var now: (resident: Int, peak: Int)? {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        func bytes(_ name: String) -> Int? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            return line?.split(separator: " ").dropLast().last.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        guard let resident = bytes("VmRSS:"), let peak = bytes("VmHWM:") else { return nil }
        return (resident, peak)
    }

    static func forget() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }
}
