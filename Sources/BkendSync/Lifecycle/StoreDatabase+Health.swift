import BkendDocuments
import Dispatch
import Foundation
import GRDB

/// The mark of a clean closing, and the check that follows where it is missing.
extension StoreDatabase {
    /// Takes the mark of a clean closing away. Where it was missing already, and no other process is at work, the check
    /// starts behind.
    func noteOpening(_ file: StoreFile) throws {
        guard file.isAlone else { return }
        let wasClean = try read { try $0.meta("clean") } == "1"
        if wasClean {
            try write { try $0.setMeta("clean", "0") }
        } else {
            checkBehind(file)
        }
    }

    /// Closes the database; the last process to do so leaves the mark.
    func close(_ file: StoreFile) {
        StoreRegistry.shared.close(file.path) {
            let isAlone = (try? file.lock.withLock { file.presence.isAlone() }) ?? false
            // Without the mark the next opening checks the file, so a failure here loses nothing.
            if isAlone, health != .checking { try? write { try $0.setMeta("clean", "1") } }
            try? writer.close()
        }
    }

    private func checkBehind(_ file: StoreFile) {
        health = .checking
        DispatchQueue.global(qos: .utility).async { [weak self] in
            guard let reader = self?.writer else { return }
            let words = try? reader.unsafeRead { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard let self else { return }
            switch words {
            case "ok": health = .sound
            case let flaw?:
                health = .damaged(flaw)
                let mark = Foundation.open(file.path + ".damaged", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
                if mark >= 0 { Foundation.close(mark) }
            case nil: health = .unsuspicious
            }
        }
    }
}
