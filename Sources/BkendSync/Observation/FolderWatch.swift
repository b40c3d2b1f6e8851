import Dispatch
import Foundation

/// Tells when another process has finished a transaction on a database.
///
/// Every writer opens the lock beside the database for writing and closes it after its commit (`FileLock`), however it
/// ends, and the system reports that close (inotify(7), `IN_CLOSE_WRITE`). It comes when the commit can be read. A change
/// of `-wal` comes before: a reader that it woke could find nothing yet and sleep on. The folder is watched, not the file,
/// so that a lock that was removed and made again is seen.
final class FolderWatch: ForeignCommits {
    private nonisolated(unsafe) let source: any DispatchSourceRead  // its methods may be called on any thread

    /// - Throws: `StoreError.Reason.storage` when the system has no more watches.
    init(folder: String, name: String, _ didClose: @escaping @Sendable () -> Void) throws(StoreError) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw Self.failure(folder) }
        guard inotify_add_watch(descriptor, folder, UInt32(IN_CLOSE_WRITE)) >= 0 else {
            defer { close(descriptor) }
            throw Self.failure(folder)
        }
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "bkend.store.watch"))
        let name = Array(name.utf8)
        source.setEventHandler { if Self.read(descriptor, isAbout: name) { didClose() } }
        source.setCancelHandler { close(descriptor) }
        self.source = source
        source.activate()
    }

    func stop() { source.cancel() }

    deinit { source.cancel() }

    private static func failure(_ folder: String) -> StoreError {
        let reason = String(cString: strerror(errno))
        return StoreError(.storage("can't watch \(folder) for writes by other processes: \(reason)"))
    }

    /// Takes every event that waits; whether one was about the file, or some were lost.
    private static func read(_ descriptor: Int32, isAbout name: [UInt8]) -> Bool {
        var isAbout = false
        let header = MemoryLayout<inotify_event>.size
        withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
            while true {
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + header <= count {
                    let event = buffer.load(fromByteOffset: offset, as: inotify_event.self)
                    let text = buffer[(offset + header)..<(offset + header + Int(event.len))].prefix { $0 != 0 }
                    if event.mask & UInt32(IN_Q_OVERFLOW) != 0 || text.elementsEqual(name) { isAbout = true }
                    offset += header + Int(event.len)
                }
            }
        }
        return isAbout
    }
}
