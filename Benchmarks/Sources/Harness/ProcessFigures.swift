import Foundation

/// What Linux says about a process.
package struct ProcessFigures: Sendable {
    private let folder: String
    private let isOwn: Bool

    /// The calling process.
    package static let own = ProcessFigures(folder: "/proc/self", isOwn: true)

    /// A process by its number.
    package init(process: Int32) { self.init(folder: "/proc/\(process)", isOwn: false) }

    private init(folder: String, isOwn: Bool) {
        self.folder = folder
        self.isOwn = isOwn
    }

    /// The most memory that the process ever had in RAM (`VmHWM`), in bytes; 0 where that can't be read.
    package var peakMemory: Int {
        guard let line = text("status").split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else {
            return 0
        }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 } ?? 0
    }

    /// Processor time so far, user and system, of all threads; 0 where that can't be read. In steps of 10 ms for another
    /// process, of nanoseconds for this one.
    package var processorSeconds: Double {
        if isOwn {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        // The program's name is in parentheses and may hold spaces; utime and stime are the 12th and 13th field after.
        let fields = text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)) ?? ""
    }
}

/// The machine under the measurement.
package enum Machine {
    /// How many programs ran or waited to run during the last minute, on average; other programs' share of it makes
    /// the figures worse than they are.
    package static var load: Double {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.flatMap { Double($0) } ?? .nan
    }

    /// One line about the processors, the load and the time.
    package static var line: String {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let now = Date().formatted(.iso8601)
        return "\(now), \(processors) processors, load \(Machine.load)"
    }
}
