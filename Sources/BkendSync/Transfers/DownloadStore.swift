import BkendWire

/// What the downloads ask of the store.
protocol DownloadStore: EngineStore {
    /// Looks at records that may name other files than before; whether any are left.
    func lookAtNamedFiles(limit: Int) throws -> Bool
    /// Files that are to come, in the order in which they were asked for.
    func downloads(limit: Int) throws -> [Download]
    /// A file that is to come; nil once it isn't.
    func download(_ name: String) throws -> Download?
    /// Keeps how far a download is.
    func keep(_ download: Download) throws
    /// A file won't come.
    func refuse(_ name: String, because failure: EntryFailure) throws
    /// A file is here.
    func complete(_ download: Download, _ bytes: DownloadedBytes) throws
    /// A name for bytes that nobody has.
    func newBytesName() -> String
    /// Makes room for more bytes of files that are kept.
    func room(for bytes: Int64) throws -> DownloadRoom
    /// Whether bkend itself has given addresses of this origin: what a record says alone could make every device ask a
    /// stranger.
    func isKnown(_ origin: Origin) throws -> Bool
    /// bkend has given an address.
    func noteOrigin(of address: String) throws
}

/// Whether there is room for a file.
enum DownloadRoom: Sendable, Hashable {
    /// There is; the most bytes that there is room for.
    case fits(Int64)
    /// Not for this one.
    case tooSmall
    /// For none.
    case none
}
