import Foundation

/// What Linux knows of this process, under the names that Prometheus's own clients use.
enum ProcessMetrics {
    static func write(to out: inout Exposition) {
        if let pages = field(1, of: "/proc/self/statm") {
            out.family("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
            out.sample("process_resident_memory_bytes", [], pages * sysconf(Int32(_SC_PAGESIZE)))
        }
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            out.family("process_open_fds", .gauge, "Number of open file descriptors.")
            out.sample("process_open_fds", [], files)
        }
        if let ticks = processorTicks {
            out.family("process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.")
            out.sample("process_cpu_seconds_total", [], Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK))))
        }
    }

    /// User and system time, fields 14 and 15 of proc(5)'s `stat`; the second field, a name, may hold spaces.
    private static var processorTicks: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
        return user + system
    }

    private static func field(_ index: Int, of path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return index < fields.count ? Int(fields[index]) : nil
    }
}
