import BkendWire

extension EngineTransaction: DownloadStore {
    func lookAtNamedFiles(limit: Int, server: String) throws -> Bool {
        try store.downloads.look(limit: limit, server: server)
    }

    func downloads(limit: Int) throws -> [Download] { try store.downloads.waiting(limit: limit) }

    func download(_ name: String) throws -> Download? { try store.downloads.waiting(name) }

    func keep(_ download: Download) throws { try store.downloads.keep(download) }

    func hold(_ name: String, size: Int64?) throws { try store.downloads.hold(name, size: size) }

    func holdAll() throws { try store.downloads.holdAll() }

    func letGo(upTo bytes: Int64) throws -> Bool { try store.downloads.letGo(upTo: bytes) }

    func refuse(_ name: String, because failure: EntryFailure) throws {
        try store.downloads.refuse(name, because: failure)
    }

    func complete(_ download: Download, _ bytes: DownloadedBytes) throws {
        try store.attaching.take(download, bytes)
    }

    func newBytesName() -> String { FileDraft.newName() + FileFolder.downloadSuffix }

    func roomForKept(besides underWay: Int64) throws -> Int64 {
        try store.attaching.roomForKept(besides: underWay)
    }

    func isKnown(_ origin: Origin) throws -> Bool { try store.downloads.isKnown(origin) }

    func noteOrigin(of address: String) throws { try store.downloads.noteOrigin(of: address) }
}
