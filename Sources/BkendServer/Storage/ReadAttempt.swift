import BkendAccounts
import BkendDocuments
import BkendWire

/// One attempt at a read.
///
/// Most reads are done sooner than a change of threads would be, so a storage may try each on its caller's thread first.
/// That is a thread of the concurrency pool, which others wait for: it may be held for a moment only. A read that takes
/// longer, or expects to, is given up there and runs again on a thread of its own, in the line of slow reads.
struct ReadAttempt: Sendable {
    /// Work that nothing interrupts once it has begun.
    enum Work: Sendable {
        /// Parsing a request's body, and checking what it holds.
        case body(bytes: Int)
        /// Parsing a query string.
        case query(bytes: Int)
        /// Parsing a stored record.
        case record(bytes: Int)
        /// Writing a page of records.
        case page(bytes: Int)
        /// Matching patterns, which end at a limit of their own.
        case patterns

        /// Whether it may take more than a moment: some milliseconds.
        var isLong: Bool {
            switch self {
            case .body(let bytes): bytes > 16 << 10
            case .query(let bytes): bytes > 4 << 10
            case .record(let bytes): bytes > 64 << 10
            case .page(let bytes): bytes > 1 << 20
            case .patterns: true
            }
        }
    }

    private let isOnCallersThread: Bool

    /// Where nobody waits for the thread: among the slow reads, and in a write.
    static let untimed = ReadAttempt(isOnCallersThread: false)
    /// On a thread that others wait for.
    static let onCallersThread = ReadAttempt(isOnCallersThread: true)

    /// Announces work that comes next. On the caller's thread what is long ends the attempt by an error, which is to be
    /// passed on; the read begins again elsewhere.
    func expect(_ work: Work) throws {
        if isOnCallersThread, work.isLong { throw NeedsThread() }
    }

    /// The patterns of a request, with as much time as there is.
    func patterns() -> RequestPatterns {
        isOnCallersThread ? RequestPatterns(within: .milliseconds(10)) : RequestPatterns()
    }
}

/// Ends an attempt on the caller's thread.
struct NeedsThread: Error {}
