/// The most that one request may cost the server, whoever sends it and whatever it holds.
///
/// Every route has one (`Route.all`). A body is read up to `bodyBytes`, and an answer past `answerBytes` counts as a fault
/// of the server (`bkend_answers_over_budget_total`); `make fuzz` looks for requests that pass either, or `memoryBytes`.
/// docs/budgets.md shows the table for the default limits, and a test compares it.
package struct RouteBudget: Hashable, Sendable {
    /// Where a request may have to wait for others. Each place has bounds of its own (`ServerLimits`), fair shares, and
    /// an answer, 429 or 503, for whoever finds it full.
    package enum Queue: String, CaseIterable, Sendable {
        /// Reads that take more than a moment, and the work on large bodies, queries and records.
        case reads
        /// The one writer of an environment.
        case writer
        /// Hashes of passwords.
        case hashing
        /// Mails.
        case mail
    }

    /// Bytes of the body that are read; 413 past them.
    package var bodyBytes = 0
    /// Bytes of the answer's body.
    package var answerBytes: Int
    /// Bytes of memory while the request is answered, beyond those of an idle server.
    package var memoryBytes: Int
    /// Where the request waits.
    package var queues: [Queue] = []
    /// Bytes of records that are written; log and disk take a few times as many, for index entries and whole pages.
    package var writtenBytes = 0

    /// The most bytes of an error: 100 details of bounded paths and texts.
    package static let errorBytes = 128 << 10
}
