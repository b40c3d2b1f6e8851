import BkendWire

extension EngineTransaction: DownloadStore {
    func lookAtNamedFiles(limit: Int) throws -> Bool { try store.downloads.look(limit: limit) }

    func downloads(limit: Int) throws -> [Download] { try store.downloads.waiting(limit: limit) }

    func download(_ name: String) throws -> Download? { try store.downloads.waiting(name) }

    func keep(_ download: Download) throws { try store.downloads.keep(download) }

    func refuse(_ name: String, because failure: EntryFailure) throws {
        try store.downloads.refuse(name, because: failure)
    }

    func complete(_ download: Download, _ bytes: DownloadedBytes) throws {
        try store.attaching.take(download, bytes)
    }

    func newBytesName() -> String { FileDraft.newName() + FileFolder.downloadSuffix }

    func room(for bytes: Int64) throws -> DownloadRoom { try store.attaching.room(forKept: bytes) }

    func isKnown(_ origin: Origin) throws -> Bool { try store.downloads.isKnown(origin) }

    func noteOrigin(of address: String) throws { try store.downloads.noteOrigin(of: address) }
}
