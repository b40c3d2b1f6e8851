import BkendWire
import Testing

@testable import Bkend

@Suite struct SnapshotChangesTests {
    private func changes(_ old: [String], _ new: [String], renames: [String: String] = [:]) -> SnapshotChanges {
        let renames = Dictionary(uniqueKeysWithValues: renames.map { (ExactString($0.key), $0.value) })
        return SnapshotChanges(from: old, to: new, renames: renames) { _, _ in true }
    }

    @Test("As few records as can be are told to have moved")
    func moves() {
        #expect(changes(["a", "b", "c", "d"], ["d", "a", "b", "c"]).moved == [.init(id: "d", from: 3, to: 0)])
        #expect(changes(["a", "b", "c", "d"], ["b", "c", "d", "a"]).moved == [.init(id: "a", from: 0, to: 3)])
        #expect(changes(["a", "b", "c"], ["a", "b", "c"]).isEmpty)
        #expect(changes(["a", "b", "c"], ["b", "c"]).moved.isEmpty)
    }

    @Test("Texts that look alike and aren't the same bytes are different records")
    func bytes() {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        let found = changes([composed], [decomposed])
        #expect(found.inserted.count == 1 && found.deleted.count == 1)
    }

    @Test("A record renamed to an id that was there already is deleted, not doubled")
    func renamedOntoAnother() {
        let found = changes(["~1", "s1"], ["s1"], renames: ["s1": "~1"])
        #expect(found.deleted == [.init(id: "~1", index: 0)] && found.updated.isEmpty && found.inserted.isEmpty)
    }

    @Test("For any two lists the changes lead from one to the other")
    func anyLists() {
        var random = SplitMix(state: 1)
        for _ in 0..<2_000 {
            func list() -> [String] {
                var ids = (0..<8).map { "r\($0)" }.filter { _ in random.next() % 3 > 0 }
                ids.shuffle(using: &random)
                return ids
            }
            let (old, new) = (list(), list())
            var renamed = new
            var renames: [String: String] = [:]
            if let id = new.first, old.contains(id) {
                renamed[0] = "s-" + id
                renames["s-" + id] = id
            }
            let found = changes(old, renamed, renames: renames)
            #expect(found.applied(to: old, now: renamed) == renamed)
            #expect(found.updated.count == renames.count)
            let kept = Set(old).intersection(new).count
            #expect(found.inserted.count == new.count - kept && found.deleted.count == old.count - kept)
        }
    }
}
