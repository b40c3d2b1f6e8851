import BkendDocuments
import Dispatch
import Foundation

/// Holds the writer of a server's database, as a write that takes long would: nothing is written until `release`.
struct HeldWriter {
    private let released = DispatchSemaphore(value: 0)

    /// Takes the writer.
    static func take(of folder: String) async -> HeldWriter {
        let held = HeldWriter()
        let released = held.released
        await withCheckedContinuation { continuation in
            Thread {
                try? FileLock(database: folder + "/environments/default/dev.sqlite").withLock {
                    continuation.resume()
                    released.wait()
                }
            }.start()
        }
        return held
    }

    func release() { released.signal() }
}
