import BkendWire

extension EngineTransaction: UploadStore {
    func files(in lane: UploadLane, held: HeldFiles?, limit: Int) throws -> [WaitingFile] {
        try store.transfers.waiting(areLarge: lane == .large, than: UploadLane.smallBytes, held: held, limit: limit)
    }

    func waitingFile(_ sequence: Int64) throws -> WaitingFile? { try store.transfers.waiting(sequence) }

    func keep(_ upload: Upload, of waiting: WaitingFile) throws { try store.transfers.keep(upload, of: waiting) }

    func fileDeletions(limit: Int) throws -> [OutboxEntry] { try store.transfers.deletions(limit: limit) }

    func isNamed(before deletion: OutboxEntry) throws -> Bool { try store.transfers.isNamed(before: deletion) }

    func dropFile(_ sequence: Int64) throws {
        if let entry = try store.outbox.storedEntry(sequence) { try store.rejecting.cancel(entry) }
    }
}
