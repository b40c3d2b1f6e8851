import Testing

/// Writing a file's bytes, its row, the sweep, a crash and a backup, in every order: no row is ever without its bytes, also
/// after a power cut, and no backup names bytes that it doesn't hold. The steps are those of `FileDraft`, `FileSweep` and
/// of the server's `ObjectFolder` and backup.
@Suite struct WritingSearchTests {
    @Test("In the order as written nothing goes wrong")
    func asWritten() { #expect(WritingWorld.search(WritingWorld.Rules()).isEmpty) }

    @Test("Without any one of the rules something does")
    func rules() {
        func flaws(_ change: (inout WritingWorld.Rules) -> Void) -> Set<WritingWorld.Flaw> {
            var rules = WritingWorld.Rules()
            change(&rules)
            return WritingWorld.search(rules)
        }
        #expect(flaws { $0.locksBeforeLookingUp = false }.contains(.rowWithoutBytes))
        #expect(flaws { $0.locks = false }.contains(.rowWithoutBytes))
        #expect(flaws { $0.writesRowLast = false }.contains(.rowWithoutBytes))
        #expect(flaws { $0.syncsFolder = false } == [.rowWithoutBytesAfterPowerCut])
        #expect(flaws { $0.backupHoldsSweep = false } == [.backupWithoutBytes])
        #expect(flaws { $0.backupCopiesRowsFirst = false } == [.backupWithoutBytes])
    }
}

/// One file that is written, swept and backed up.
struct WritingWorld: Hashable {
    struct Rules {
        /// The sweep takes a file's lock, and only then looks whether a row names it.
        var locksBeforeLookingUp = true
        /// Whoever writes holds a lock until the row is there.
        var locks = true
        /// The row is written when the bytes are durable.
        var writesRowLast = true
        /// The folder is synced after the renaming.
        var syncsFolder = true
        /// No sweep deletes anything while a backup is made.
        var backupHoldsSweep = true
        /// A backup copies the rows, and then the bytes that they name.
        var backupCopiesRowsFirst = true
    }

    enum Flaw {
        case rowWithoutBytes, rowWithoutBytesAfterPowerCut, backupWithoutBytes
    }

    private enum Step { case lock, rename, sync, commit, unlock, look, unlink, hold, copyRows, copyBytes, release }

    var (writer, sweeper, backup) = (0, 0, 0)
    var (isNamed, isDurable, hasRow) = (false, false, false)
    var (writerLocks, sweeperLocks, isHeld, isDeleted) = (false, false, false, false)
    var copiedRow: Bool?
    var copiedBytes: Bool?

    private static func writing(_ rules: Rules) -> [Step] {
        let steps: [Step] =
            rules.writesRowLast
            ? [.lock, .rename, .sync, .commit, .unlock] : [.lock, .commit, .rename, .sync, .unlock]
        return steps.filter { rules.syncsFolder || $0 != .sync }
    }

    private func flaws() -> [Flaw] {
        var flaws: [Flaw] = []
        if hasRow && !isNamed { flaws.append(.rowWithoutBytes) }
        if hasRow && !(isNamed && isDurable) { flaws.append(.rowWithoutBytesAfterPowerCut) }
        if backup >= 3, copiedRow == true, copiedBytes == false { flaws.append(.backupWithoutBytes) }
        return flaws
    }

    private func steps(_ rules: Rules) -> [WritingWorld] {
        var worlds: [WritingWorld] = []
        func add(_ change: (inout WritingWorld) -> Void) {
            var world = self
            change(&world)
            worlds.append(world)
        }
        let writing = Self.writing(rules)
        if writer < writing.count {
            add { world in
                world.writer += 1
                switch writing[writer] {
                case .lock: world.writerLocks = rules.locks
                case .rename: world.isNamed = true
                case .sync: world.isDurable = world.isNamed
                case .commit: world.hasRow = true
                default: world.writerLocks = false
                }
            }
            // Killed: the system drops the lock.
            add { ($0.writer, $0.writerLocks) = (.max, false) }
        }
        if hasRow && !isDeleted { add { ($0.hasRow, $0.isDeleted) = (false, true) } }
        let sweeping: [Step] = rules.locksBeforeLookingUp ? [.lock, .look, .unlink] : [.look, .lock, .unlink]
        switch sweeping[sweeper] {
        case .lock:
            if isNamed, !writerLocks, !(rules.backupHoldsSweep && isHeld) {
                add { ($0.sweeper, $0.sweeperLocks) = ($0.sweeper + 1, true) }
            }
        case .look:
            if isNamed, hasRow { add { ($0.sweeper, $0.sweeperLocks) = (0, false) } }
            if isNamed, !hasRow { add { $0.sweeper += 1 } }
        default:
            add { world in
                (world.sweeper, world.sweeperLocks) = (0, false)
                (world.isNamed, world.isDurable) = (false, false)
            }
        }
        let backing: [Step] =
            rules.backupCopiesRowsFirst
            ? [.hold, .copyRows, .copyBytes, .release] : [.hold, .copyBytes, .copyRows, .release]
        if backup < backing.count {
            switch backing[backup] {
            case .hold:
                if !(rules.backupHoldsSweep && sweeperLocks) { add { ($0.backup, $0.isHeld) = (1, true) } }
            case .copyRows: add { ($0.backup, $0.copiedRow) = ($0.backup + 1, hasRow) }
            case .copyBytes: add { ($0.backup, $0.copiedBytes) = ($0.backup + 1, isNamed) }
            default: add { ($0.backup, $0.isHeld) = ($0.backup + 1, false) }
            }
        }
        return worlds
    }

    /// Tries every order of steps.
    static func search(_ rules: Rules) -> Set<Flaw> {
        var known: Set<WritingWorld> = [WritingWorld()]
        var open = [WritingWorld()]
        var flaws: Set<Flaw> = []
        while let world = open.popLast() {
            flaws.formUnion(world.flaws())
            for next in world.steps(rules) where known.insert(next).inserted { open.append(next) }
        }
        return flaws
    }
}
