import BkendDocuments
import Dispatch
import Foundation
import GRDB

/// The mark of a clean closing, and the check that follows where it is missing.
extension StoreDatabase {
    /// Closes the database; the last process to do so leaves the mark, and the log's content in the database. Where that
    /// fails, nothing is lost: the next opening finds the log, and checks the file.
    func close(_ file: StoreFile) {
        StoreRegistry.shared.close(file.path) {
            check.stop { writer.interrupt() }
            // Whoever keeps the lock has the store open, so that this isn't the last one; and it may be stopped.
            if obstacle == nil {
                _ = try? file.lock.withLock(within: StoreOpening.patience) {
                    if file.presence.isAlone() { try leave(file) }
                }
            }
            try? writer.close()
        }
    }

    private func leave(_ file: StoreFile) throws {
        try writer.writeWithoutTransaction { db in
            if health.isTrusted {
                try db.inTransaction(.immediate) {
                    try db.perform("INSERT OR REPLACE INTO sync_meta (key, value) VALUES ('clean', '1')")
                    if damage != nil, isDamageTold {
                        try db.perform("INSERT OR REPLACE INTO sync_meta (key, value) VALUES ('salvageTold', '1')")
                    }
                    return .commit
                }
            }
            let moved = try db.checkpoint(.passive)
            if moved.walFrameCount == moved.checkpointedFrameCount { try file.presence.write(.isWhole) }
        }
    }

    func checkBehind() {
        health = .checking
        check.start { [writer] in
            Result { try writer.unsafeRead { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") } }
        } then: { [weak self] outcome in
            guard let self, let file else { return }
            switch StoreHealth(outcome) {
            case .damaged(let flaw): noteDamage(flaw, file)
            // A read or write may have met damage meanwhile.
            case let found: if health == .checking { health = found }
            }
        }
    }

    /// Marks the store: its next opening sets it aside and salvages the outbox.
    func noteDamage(_ flaw: String, _ file: StoreFile) {
        if case .damaged = health { return }
        health = .damaged(flaw)
        DamageMark.note(flaw, beside: file.path)
    }
}
