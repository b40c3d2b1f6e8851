import BkendWire
import Foundation

/// How much a request, a connection or a query may ask of the server (server.md, "Limits").
package struct ServerLimits: Sendable {
    /// The most bytes of a body; 413 past it.
    package var bodyBytes = 1 << 20
    /// The most bytes of a body that an account route reads, and no more than `bodyBytes`; 413 past it.
    package var accountBodyBytes = 64 << 10
    /// The most bytes of a file; 400 `file/file-too-large` past it.
    package var fileBytes = 100 << 20
    /// The most bytes of an environment's files, with those that wait a day for their deletion; 507 past it. Nil for as
    /// many as the disk takes.
    package var storageBytes: Int?
    /// The most bytes of a user's files; 507 past it. Nil for any number.
    package var storageBytesPerUser: Int?
    /// How deep the JSON of a body may nest.
    package var bodyDepth = 64
    /// How many members and elements the JSON of a body may hold altogether.
    package var bodyValues = 50_000
    /// How many bytes the name of a member in a body may have.
    package var nameBytes = 1_024
    /// How many records one array body may create.
    package var recordsPerCreate = 1_000
    /// How many tables `serve --dynamic` may make in an environment; 403 past it.
    package var dynamicTables = 1_000
    /// The most bytes of a record as it is stored, whatever makes it so large; 413 past it. See `largestRecord`.
    ///
    /// A change of a record reads, checks and writes it whole, and the writer takes one change after the other: what one
    /// record may hold is what all other writes may have to wait for.
    package var recordBytes = 4 << 20
    /// The most bytes of a list's page; 400 `data/page-too-large` past it. See `largestPage`.
    package var pageBytes = 24 << 20
    /// The most bytes of all answers that are being built or not written yet; 503 past it. See `allAnswers`.
    package var answerBytes = 256 << 20
    /// The most bytes of a path.
    package var pathBytes = 1_024
    /// The most bytes of a query string.
    package var queryBytes = 16 * 1_024
    /// The most bytes of all header fields, and of one.
    package var headerBytes = 32 * 1_024
    /// The most header fields.
    package var headerFields = 100
    /// The most connections at once. A newcomer past it takes the place of the one that has kept the server waiting
    /// longest, or is answered 503.
    package var connections = 1_024
    /// The most connections of one client address, and the most requests in flight of one client behind a trusted proxy;
    /// 429 past it.
    package var connectionsPerAddress = 256
    /// The most streams of the change feed at once, besides of the connections; 503 past it. 0 for none at all. One address
    /// may have `connectionsPerAddress`.
    package var streams = 10_000
    /// Seconds after which a stream that has nothing to tell sends a comment.
    package var streamSilenceSeconds = 15
    /// Seconds that a connection may stay without a request, or with an unfinished header.
    package var idleSeconds = 60
    /// Seconds from a request's header to the last byte of its body.
    package var requestSeconds = 30
    /// Seconds in which a client must take something of an answer that waits for it, and 1 KiB for each of them. What it
    /// takes shows in steps of the kernel's buffers, so that some 2 KiB a second are surely enough.
    package var progressSeconds = 30
    /// Milliseconds that one query may run; 400 `data/query-timeout` past it.
    package var queryMilliseconds = 5_000
    /// How many slow reads run at once, in all environments; one place is always left to another project and another
    /// client. A read is slow when it takes more than a few milliseconds, or matches patterns.
    package var slowReads = max(4, ProcessInfo.processInfo.activeProcessorCount)
    /// How many slow reads wait for a place, of all clients and of one.
    package var waitingReads = 512
    /// See `waitingReads`.
    package var waitingReadsPerClient = 128
    /// How many writes that wait at the same time share a transaction and its sync.
    package var writesPerTransaction = 32
    /// How many writes to one environment wait for a place among those of the transaction under way and the next one, twice
    /// `writesPerTransaction`, of all clients and of one. Each holds its body.
    package var waitingWrites = 64
    /// See `waitingWrites`.
    package var waitingWritesPerClient = 16
    /// How many passwords wait to be hashed, of all clients and of one.
    package var waitingHashes = 128
    /// See `waitingHashes`.
    package var waitingHashesPerClient = 32
    /// Milliseconds after which an answer of the change feed looks at no further change.
    package var changesMilliseconds = 20
    /// The bytes of an environment's log (`-wal`) past which slow reads wait a moment for it to be begun anew: reads that
    /// overlap without end would let it grow without end.
    package var logBytes = 32 << 20
    /// Seconds that a stopping server waits for requests in flight.
    package var shutdownSeconds = 30

    /// The defaults.
    package init() {}

    /// The most bytes that a record may have anywhere: what an import takes. MongoDB's documents end there as well.
    package static let anyRecord = 16 << 20
    /// How many of the largest bodies one page takes at least. It is a list's default limit, so that a list that asks for
    /// no limit is never refused because of what clients may send.
    package static let bodiesPerPage = 20
    /// What the server itself adds to a body at most: system fields.
    private static let ownBytes = 1 << 10
    /// How many of the largest pages there may be at once at least.
    package static let pagesAtOnce = 4

    /// The most bytes that a request may make of a record: no less than a body's, and no more than an import takes.
    package var largestRecord: Int { min(max(recordBytes, bodyBytes), Self.anyRecord) }
    /// The most bytes of a page.
    package var largestPage: Int { max(pageBytes, Self.bodiesPerPage * (bodyBytes + Self.ownBytes)) }
    /// The most bytes of all answers under way.
    package var allAnswers: Int { max(answerBytes, Self.pagesAtOnce * largestPage) }
}

extension ServerLimits {
    /// What the JSON of a body may ask of the reader.
    var json: JSONLimits { JSONLimits(depth: bodyDepth, values: bodyValues, nameBytes: nameBytes) }
}
