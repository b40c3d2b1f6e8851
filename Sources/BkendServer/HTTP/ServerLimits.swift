#if Server
import BkendWire
import Foundation

/// How much a request, a connection or a query may ask of the server (faults.md, server hardening).
package struct ServerLimits: Sendable {
    /// The most bytes of a body; 413 past it.
    package var bodyBytes = 1 << 20
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
    /// Seconds that a connection may stay without a request, or with an unfinished header.
    package var idleSeconds = 60
    /// Seconds from a request's header to the last byte of its body.
    package var requestSeconds = 30
    /// Seconds in which a client must take something of an answer that waits for it, and 1 KiB for each of them.
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
    /// How many writes to one environment wait for its writer, of all clients and of one. Each holds its body.
    package var waitingWrites = 256
    /// See `waitingWrites`.
    package var waitingWritesPerClient = 128
    /// How many passwords wait to be hashed, of all clients and of one.
    package var waitingHashes = 128
    /// See `waitingHashes`.
    package var waitingHashesPerClient = 32
    /// The bytes of an environment's log (`-wal`) past which slow reads wait a moment for it to be begun anew: reads that
    /// overlap without end would let it grow without end.
    package var logBytes = 32 << 20
    /// Seconds that a stopping server waits for requests in flight.
    package var shutdownSeconds = 30

    /// The defaults.
    package init() {}
}

extension ServerLimits {
    /// What the JSON of a body may ask of the reader.
    var json: JSONLimits { JSONLimits(depth: bodyDepth, values: bodyValues, nameBytes: nameBytes) }
}
#endif
