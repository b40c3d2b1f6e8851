import BkendStorage
import BkendWire

/// What an import does with a record whose id is there already, with other content.
package enum ImportConflict: String, CaseIterable, Sendable {
    /// Counts it as rejected, and leaves what is there.
    case reject
    /// Leaves what is there.
    case skip
    /// Puts the new record in its place.
    case replace
    /// Puts the new record in its place if its `updatedAt` is later; else leaves what is there.
    case newer
}

/// How records are imported.
package struct ImportOptions: Sendable {
    /// How many records go into one transaction.
    package var batch = 1_000
    /// What to do with a record that is there with other content.
    package var conflict = ImportConflict.reject
    /// Whether absent fields take their defaults.
    package var fillsDefaults = false
    /// Whether records without an id get one.
    package var makesIDs = false
    /// Whether files are JSON Lines, whatever they begin with.
    package var isLines = false
    /// How addresses of files in records change.
    package var addresses: AddressMap?
    /// The most bytes of a record as it is stored; a larger one is rejected. A server's limit (`serve --record-limit`).
    package var recordBytes = ServerLimits.anyRecord

    /// The defaults.
    package init() {}
}

/// How many records an import has met.
package struct ImportCounts: Hashable, Sendable {
    /// All of them.
    package internal(set) var read = 0
    /// Stored as new, stored in another's place.
    package internal(set) var imported = 0, replaced = 0
    /// There already with the same content, there with other content and left.
    package internal(set) var same = 0, skipped = 0
    /// Not stored, with a reason.
    package internal(set) var rejected = 0
    /// Addresses of files that lead to this server now, and those of files that aren't here.
    package internal(set) var addresses = 0, unknownAddresses = 0

    /// The object of `--json`.
    package var json: JSONObject {
        var counts = [
            ("read", read), ("imported", imported), ("replaced", replaced), ("same", same), ("skipped", skipped),
            ("rejected", rejected),
        ]
        if addresses + unknownAddresses > 0 {
            counts += [("addresses", addresses), ("unknownAddresses", unknownAddresses)]
        }
        return JSONObject(counts.map { ($0.0, .int(Int64($0.1))) })
    }

    mutating func add(_ other: ImportCounts) {
        read += other.read
        imported += other.imported
        replaced += other.replaced
        same += other.same
        skipped += other.skipped
        rejected += other.rejected
        addresses += other.addresses
        unknownAddresses += other.unknownAddresses
    }
}

/// A record that was not stored.
package struct RejectedRecord: Sendable {
    /// The file, and where in it the record begins, in bytes.
    package let file: String, offset: Int
    /// Why.
    package let details: [ErrorBody.Detail]
    /// The record's text, nil when it is longer than a record may be; and its length in bytes.
    package let text: [UInt8]?, length: Int

    /// One sentence.
    package var reason: String { details.map(\.message).joined(separator: "; ") }

    /// The line of a rejects file: the record as JSON when it is, else as a text, or its length when it is too long.
    package var line: [UInt8] {
        let head: JSONObject = [
            "file": .string(file), "offset": .int(Int64(offset)), "reason": .string(reason),
            "details": .array(
                details.map {
                    ["field": .string($0.field), "rule": .string($0.rule), "message": .string($0.message)]
                }),
        ]
        var object = head
        if let text {
            if let record = try? JSON(parsing: text) {
                object["record"] = record
            } else {
                object["text"] = .string(String(decoding: text, as: UTF8.self))
            }
        } else {
            object["length"] = .int(Int64(length))
        }
        return object.serialized() + [0x0A]
    }
}

/// Puts records of files into a table, batch by batch: each batch is one transaction, so that an import that is
/// interrupted leaves whole batches, and repeating it finds them there.
package struct RecordImport {
    private let store: EnvironmentStore
    private let table: String
    private let options: ImportOptions
    private let reject: (RejectedRecord) throws -> Void
    private var pending: [Pending] = []
    private var pendingBytes = 0

    /// What has been committed.
    package private(set) var counts = ImportCounts()

    /// The most text that a batch holds: what memory is bounded by.
    private static let batchBytes = 8 << 20
    private static let limits = JSONLimits(depth: 64)

    struct Pending {
        let item: RecordReader.Item
        let file: String
        let content: Result<JSONObject, RecordIntake.Refusal>
    }

    /// An import into a table that exists.
    ///
    /// - Parameter reject: called for each record that was not stored, once its batch is committed.
    package init(
        into table: String, of store: EnvironmentStore, _ options: ImportOptions,
        reject: @escaping (RejectedRecord) throws -> Void
    ) {
        self.store = store
        self.table = table
        self.options = options
        self.reject = reject
    }

    /// Imports a file; `-` is standard input.
    ///
    /// - Parameter progress: called after each batch with the counts, and the file's bytes: read, and all if known.
    /// - Throws: `OperatorError` that says where a file can't be followed any further; everything before that place has
    ///   been stored.
    package mutating func run(_ path: String, progress: (ImportCounts, Int, Int?) -> Void) throws {
        let file = try InputFile(path)
        // Where addresses change, the files' tables are read.
        if options.addresses != nil { try store.engine.prepareFiles() }
        var reader = RecordReader(isLines: options.isLines, read: file.read)
        do {
            while let item = try reader.next() {
                try add(item, path)
                if pending.count >= options.batch || pendingBytes >= Self.batchBytes {
                    try commit()
                    progress(counts, reader.offset, file.length)
                }
            }
            try commit()
        } catch let fault as ImportFault {
            try commit()
            throw OperatorError("\(path): \(fault); the \(counts.read) records before it were taken care of", .data)
        }
        progress(counts, reader.offset, file.length)
    }

    private mutating func add(_ item: RecordReader.Item, _ file: String) throws {
        pending.append(Pending(item: item, file: file, content: try Self.content(of: item)))
        pendingBytes += item.bytes?.count ?? 0
    }

    private static func content(of item: RecordReader.Item) throws -> Result<JSONObject, RecordIntake.Refusal> {
        guard let bytes = item.bytes else {
            let limit = RecordReader.longestRecord
            return .failure(
                .init(
                    "", "length", "the record has \(item.length) bytes, more than \(limit >> 20) MiB (\(limit) bytes)"))
        }
        do throws(JSONError) {
            switch try JSON(parsing: bytes, limits: limits) {
            case .object(let object): return .success(object)
            case let other: return .failure(.init("", "type", "a record is an object, not \(other.typeName)"))
            }
        } catch {
            if item.endsFile, error.reason == .unexpectedEnd {
                throw ImportFault(
                    offset: item.offset + item.length,
                    "the file ends in the middle of the record that begins at byte \(item.offset)")
            }
            return .failure(.init("", "json", error.description))
        }
    }

    private mutating func commit() throws {
        if pending.isEmpty { return }
        let options = options
        let pending = pending
        let ids = pending.compactMap { try? RecordIntake.id(of: $0.content.get()) }
        let locks = Set(ids.map { StorageLock.document(table: table, id: $0) })
        let batch = try store.engine.writeNow(locking: locks) { session in
            var batch = ImportBatch(options: options, now: session.now)
            guard let table = try session.table(table) else {
                throw OperatorError(
                    "the table \(table) was dropped; \(counts.read) records were taken care of before", .missing)
            }
            for pending in pending { try batch.store(pending, in: table, session) }
            return batch
        }
        self.pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
        counts.add(batch.counts)
        for rejected in batch.rejected { try reject(rejected) }
    }
}
