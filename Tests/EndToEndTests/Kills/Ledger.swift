/// What the processes of an app told of their writes, and so what the server must have in the end.
actor Ledger {
    /// A value of a note; nil for none: deleted, or not made.
    private struct Note {
        var sure: Int?
        /// What may have become of it since: writes that were begun, and of which nobody said that they returned.
        var begun: [Int?] = []
    }

    private var notes: [String: Note] = [:]
    /// How many writes returned, by owner.
    private(set) var returned: [String: Int] = [:]
    private var waiting: [(owner: String, count: Int, wake: CheckedContinuation<Void, Never>)] = []

    /// All writes that returned.
    var total: Int { returned.values.reduce(0, +) }

    /// Takes a line that a process printed; false where it isn't about a write.
    func take(_ line: String, of owner: String) -> Bool {
        let words = line.split(separator: " ")
        guard words.count == 3, ["try", "did"].contains(words[0]) else { return false }
        let (mark, value) = (String(words[1]), Int(words[2]))
        if words[0] == "try" {
            notes[mark, default: Note()].begun.append(value)
        } else {
            notes[mark] = Note(sure: value)
            returned[owner, default: 0] += 1
            wake(owner)
        }
        return true
    }

    /// Returns when a process has written so many times more.
    func wait(for count: Int, of owner: String) async {
        let count = returned[owner, default: 0] + count
        await withCheckedContinuation { waiting.append((owner, count, $0)) }
    }

    /// The process has ended: nobody waits for it any more.
    func ended(_ owner: String) {
        for (index, wait) in waiting.enumerated().reversed() where wait.owner == owner {
            waiting.remove(at: index).wake.resume()
        }
    }

    private func wake(_ owner: String) {
        let count = returned[owner, default: 0]
        for (index, wait) in waiting.enumerated().reversed() where wait.owner == owner && wait.count <= count {
            waiting.remove(at: index).wake.resume()
        }
    }

    /// What is wrong with rows that a server or a device has: of each write that returned the note must be there once, with
    /// the last value, or be gone.
    func flaws(of rows: [(mark: String, value: Int)]) -> [String] {
        var flaws: [String] = []
        var found: [String: Int] = [:]
        for (mark, value) in rows {
            if found.updateValue(value, forKey: mark) != nil { flaws.append("\(mark) is there twice") }
            if notes[mark] == nil { flaws.append("\(mark) was never written") }
        }
        for (mark, note) in notes where note.sure != found[mark] && !note.begun.contains(found[mark]) {
            let (is_, should) = (found[mark].map(String.init) ?? "gone", note.sure.map(String.init) ?? "gone")
            flaws.append("\(mark) is \(is_), not \(should)")
        }
        return flaws.sorted()
    }
}
