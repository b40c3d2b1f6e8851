import BkendWire

/// What the downloads ask of the store.
protocol DownloadStore: EngineStore {
    /// Looks at records that may name other files than before; whether any are left.
    func lookAtNamedFiles(limit: Int, server: String) throws -> Bool
    /// Files that are to come, in the order in which they were asked for.
    func downloads(limit: Int) throws -> [Download]
    /// A file that is to come; nil once it isn't.
    func download(_ name: String) throws -> Download?
    /// Keeps how far a download is.
    func keep(_ download: Download) throws
    /// A file waits for room; the number of its bytes, where it is known.
    func hold(_ name: String, size: Int64?) throws
    /// All files wait for room.
    func holdAll() throws
    /// There is room for files of so many bytes again; whether others still wait for some.
    func letGo(upTo bytes: Int64) throws -> Bool
    /// A file won't come.
    func refuse(_ name: String, because failure: EntryFailure) throws
    /// A file is here.
    func complete(_ download: Download, _ bytes: DownloadedBytes) throws
    /// A name for bytes that nobody has.
    func newBytesName() -> String
    /// How many more bytes of files that are kept may come, beside so many that are on their way.
    func roomForKept(besides underWay: Int64) throws -> Int64
    /// Whether bkend itself has given addresses of this origin: what a record says alone could make every device ask a
    /// stranger.
    func isKnown(_ origin: Origin) throws -> Bool
    /// bkend has given an address.
    func noteOrigin(of address: String) throws
}
