import BkendDocuments
import BkendStorage
import BkendWire

/// The records of one transaction.
struct ImportBatch {
    let options: ImportOptions
    let now: Timestamp
    private(set) var counts = ImportCounts()
    private(set) var rejected: [RejectedRecord] = []

    init(options: ImportOptions, now: Timestamp) {
        self.options = options
        self.now = now
    }

    /// Stores one record, or says why not.
    mutating func store(_ pending: RecordImport.Pending, in table: Table, _ session: any StorageTransaction) throws {
        counts.read += 1
        do {
            try store(mapped(pending.content.get(), session), in: table, session)
        } catch let refusal as RecordIntake.Refusal {
            refuse(pending, refusal.details)
        } catch let violation as UniqueViolation {
            let fields = violation.fields.joined(separator: ", ")
            let message = "\(fields) is taken by the record \(violation.existingID)"
            refuse(pending, [ErrorBody.Detail(field: fields, rule: "unique", message: message)])
        } catch let error as InvalidDocument {
            refuse(pending, [ErrorBody.Detail(field: "", rule: "document", message: error.description)])
        }
    }

    /// The record with the addresses of files as they are here.
    private mutating func mapped(_ record: JSONObject, _ session: any StorageTransaction) throws -> JSONObject {
        guard let addresses = options.addresses else { return record }
        return try addresses.mapped(record, counts: &counts) { try FileStore.file(session, key: $0) != nil }
    }

    private func check(_ bytes: Int) throws(RecordIntake.Refusal) {
        if let flaw = RecordSize.flaw(of: bytes, atMost: options.recordBytes) {
            throw RecordIntake.Refusal("", "recordBytes", flaw)
        }
    }

    private mutating func refuse(_ pending: RecordImport.Pending, _ details: [ErrorBody.Detail]) {
        counts.rejected += 1
        rejected.append(
            RejectedRecord(
                file: pending.file, offset: pending.item.offset, details: details, text: pending.item.bytes,
                length: pending.item.length))
    }

    private mutating func store(
        _ source: JSONObject, in table: Table, _ session: any StorageTransaction
    ) throws {
        let given = try RecordIntake.id(of: source)
        guard let id = given ?? (options.makesIDs ? session.newID() : nil) else {
            throw RecordIntake.Refusal(
                "id", "required", "id is missing; with --new-ids records get one (and each repeat makes them again)")
        }
        let intake = RecordIntake(
            schema: table.definition.schema, fillsDefaults: options.fillsDefaults, now: now)
        guard let stored = given == nil ? nil : try session.documentForWriting(id, in: table) else {
            var record = try intake.record(source, id: id, stored: nil)
            if given != nil, let stamp = try stamp(ofNew: record, id, in: table, session) {
                record["updatedAt"] = .string(stamp.description)
            }
            let text = record.serialized()
            try check(text.count)
            try session.apply([.insert(NewDocument(id: id, checked: text), Self.note(record, nil))], to: table)
            counts.imported += 1
            return
        }
        let old = try stored.json
        var record = try intake.record(source, id: id, stored: old)
        if Self.content(of: record) == Self.content(of: old) {
            counts.same += 1
            return
        }
        let isNewer = (record["updatedAt"]?.stringValue ?? "") > (old["updatedAt"]?.stringValue ?? "")
        switch options.conflict {
        case .replace,
            .newer where isNewer:
            record["updatedAt"] = .string(stamp(of: record, replacing: old).description)
            let text = record.serialized()
            try check(text.count)
            try session.apply(
                [.replace(id: id, old: stored.bytes, new: text, Self.note(record, old))], to: table)
            counts.replaced += 1
        case .skip, .newer: counts.skipped += 1
        case .reject:
            throw RecordIntake.Refusal(
                "id", "conflict",
                "a record \(id) is there with other content; --on-conflict says what to do with such (skip, replace, newer)"
            )
        }
    }

    /// What the log says of a record that takes an old one's place, or none.
    private static func note(_ record: JSONObject, _ old: JSONObject?) -> ChangeNote {
        let owner = record["createdBy"]?.stringValue ?? ""
        let former = old.map { $0["createdBy"]?.stringValue ?? "" } ?? owner
        return ChangeNote(
            author: "", owner: former, newOwner: owner.hasSameBytes(as: former) ? nil : owner,
            stamp: record["updatedAt"]?.stringValue ?? "")
    }

    /// The moment at which a record that takes another's place was changed, for those who ask what has changed since they
    /// last looked: now, since they may have seen every earlier moment of the table; after the one that the record had;
    /// and the file's, where that is later.
    private func stamp(of record: JSONObject, replacing old: JSONObject) -> Timestamp {
        let next = RecordOperations.moved(old["updatedAt"]?.stringValue, now: now)
        return max(next, record["updatedAt"]?.stringValue.flatMap(Timestamp.init) ?? next)
    }

    /// The moment at which a record was changed that is made anew, where the file's wouldn't do: devices that know of its
    /// deletion pass over what is older. Nil for the file's.
    private func stamp(
        ofNew record: JSONObject, _ id: String, in table: Table, _ session: any StorageTransaction
    ) throws -> Timestamp? {
        let stamp = record["updatedAt"]?.stringValue.flatMap(Timestamp.init) ?? now
        if let deletion = try session.deletion(of: id, in: table), let deleted = Timestamp(deletion) {
            return stamp > deleted ? nil : RecordOperations.moved(deletion, now: now)
        }
        // Whether there was one isn't known any more.
        return try session.log(of: table).trimmed > 0 && stamp < now ? now : nil
    }

    /// A record without the moment of its last change, which an import moves: repeating it must change nothing.
    private static func content(of record: JSONObject) -> [UInt8] {
        var record = record
        record["updatedAt"] = nil
        return record.serialized()
    }
}
