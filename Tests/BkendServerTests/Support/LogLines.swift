import Logging
import Synchronization

/// What a server writes to its log, kept for a test to look at.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// The lines so far: level, message, metadata in the order of their names.
    var all: [String] { lines.withLock { $0 } }

    /// A logger that writes here, from this level on.
    func logger(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = level
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let more = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
            let line = "\(event.level) \(event.message)" + more.map { " \($0.key)=\($0.value)" }.joined()
            lines.lines.withLock { $0.append(line) }
        }
    }
}
