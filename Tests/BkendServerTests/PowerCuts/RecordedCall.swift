import Foundation

/// A call that changed a folder or made a change of it durable, as `Tests/CRecordedCalls` writes it down. Files and folders
/// have the numbers of their inodes, and paths begin behind the folder's own.
enum RecordedCall: Sendable {
    case make(UInt64, path: String)
    case folder(UInt64, path: String)
    case write(UInt64, offset: Int, Data)
    case size(UInt64, Int)
    case sync(UInt64)
    case rename(String, to: String)
    case link(String, to: String)
    case remove(String)
    /// What can't be told from the log.
    case escape(String, path: String)

    /// What is wrong with a log.
    struct Unreadable: Error {
        var line: String
    }

    /// The calls of a log, each with the log's length up to it.
    static func log(_ path: String) throws -> [(call: RecordedCall, end: Int)] {
        let log = try Data(contentsOf: URL(filePath: path))
        var calls: [(call: RecordedCall, end: Int)] = []
        var start = 0
        while start < log.count {
            guard let end = log[start...].firstIndex(of: 10) else { throw Unreadable(line: "no end at \(start)") }
            let line = String(decoding: log[start..<end], as: UTF8.self)
            start = end + 1
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if words[0] == "write", words.count == 4, let number = UInt64(words[1]), let offset = Int(words[2]),
                let count = Int(words[3]), start + count <= log.count
            {
                calls.append((.write(number, offset: offset, log[start..<(start + count)]), start + count))
                start += count
            } else {
                guard let call = RecordedCall(words) else { throw Unreadable(line: line) }
                calls.append((call, start))
            }
        }
        return calls
    }

    private init?(_ words: [String]) {
        switch (words[0], words.count) {
        case ("make", 3): self = .make(UInt64(words[1]) ?? 0, path: words[2])
        case ("folder", 3): self = .folder(UInt64(words[1]) ?? 0, path: words[2])
        case ("size", 3): self = .size(UInt64(words[1]) ?? 0, Int(words[2]) ?? 0)
        case ("sync", 2): self = .sync(UInt64(words[1]) ?? 0)
        case ("rename", 3): self = .rename(words[1], to: words[2])
        case ("link", 3): self = .link(words[1], to: words[2])
        case ("remove", 2): self = .remove(words[1])
        case ("escape", 3): self = .escape(words[1], path: words[2])
        default: return nil
        }
    }
}
