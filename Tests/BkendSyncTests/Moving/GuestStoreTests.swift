import BkendWire
import ChildProcesses
import Foundation
import Testing

@testable import BkendSync

/// Guests' stores in their folders: which one a guest gets, and what becomes of a move that was cut short.
@Suite struct GuestStoreTests {
    private func run(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func find(_ root: String, _ owner: String) throws -> StoreLocation {
        try StoreLocation.find(root: root, name: "main", owner: owner)
    }

    private func open(_ location: StoreLocation, _ owner: String) throws -> StoreDatabase {
        try StoreDatabase.open(path: location.path, owner: owner)
    }

    @discardableResult
    private func write(_ location: StoreLocation, _ owner: String, _ title: String) throws -> String {
        try open(location, owner).write { try $0.writes.create("notes", ["title": .string(title)]) }
    }

    private func titles(_ location: StoreLocation, _ owner: String) throws -> [JSON?] {
        try open(location, owner).read { try $0.documents.find(Query(sort: [.init("title")]), in: "notes") }
            .map { try $0.json["title"] }
    }

    @Test("A guest's store is the guest's until somebody signs in; then it is left, and the next guest gets another")
    func leaving() throws {
        try run { root in
            let guest = try find(root, "")
            try write(guest, "", "guest's")
            #expect(try find(root, "") == guest && !guest.isLeft)
            let ann = try find(root, "ann")
            #expect(ann != guest && guest.isLeft)
            let next = try find(root, "")
            #expect(next != guest && next != ann)
            #expect(try titles(next, "") == [])
            let left = try StoreLocation.left(root: root, name: "main")
            #expect(left.map(\.location) == [guest] && left.map(\.writes) == [1])
            #expect(left.first?.lastWrite != nil)

            // The app says that it is the present guest's after all.
            try write(next, "", "next guest's")
            try guest.resume()
            #expect(try find(root, "") == guest)
            #expect(try StoreLocation.left(root: root, name: "main").map(\.location) == [next])
            try next.discardLeft()
            #expect(try StoreLocation.left(root: root, name: "main").isEmpty)
            #expect(try titles(guest, "") == ["guest's"])
        }
    }

    @Test("A left store without writes is emptied for the next guest: no new folder, and no record that another saw")
    func reused() throws {
        try run { root in
            let guest = try find(root, "")
            try open(guest, "").write { tx in
                _ = try tx.receiving.receive([Array(#"{"id":"s1","title":"S"}"#.utf8)], table: "notes")
            }
            _ = try find(root, "ann")
            #expect(try find(root, "") == guest && !guest.isLeft)
            #expect(try titles(guest, "") == [])
        }
    }

    @Test("A move between folders: the user has it all, the guest's store is empty, and a second call does nothing")
    func moving() throws {
        try run { root in
            let guest = try find(root, "")
            let id = try write(guest, "", "guest's")
            let ann = try find(root, "ann")
            try write(ann, "ann", "Ann's")
            let target = try open(ann, "ann")
            #expect(try guest.move(into: target, at: ann, by: "ann") == 1)
            #expect(try guest.move(into: target, at: ann, by: "ann") == 0)
            #expect(!guest.isMoving)
            #expect(try titles(ann, "ann") == ["Ann's", "guest's"])
            #expect(try target.read { try $0.documents.document("notes", id)?.json["title"] } == "guest's")
            #expect(try find(root, "") == guest && titles(guest, "") == [])
            #expect(refusal { _ = try ann.move(into: target, at: ann, by: "ann") } != nil)
            #expect(refusal { _ = try guest.move(into: target, at: ann, by: "bob") } == nil)
            try write(guest, "", "again")
            #expect(refusal { _ = try guest.move(into: target, at: ann, by: "bob") } == .otherOwner)
        }
    }

    /// As a process leaves it that is killed after so many steps of a move.
    private func killed(after steps: Int, _ guest: StoreLocation, _ ann: StoreLocation) throws {
        try StoreFolder.write([], to: guest.folder + "/moving")
        let (from, into) = (try open(guest, ""), try open(ann, "ann"))
        guard steps > 0 else { return }
        let move = try from.write { try $0.guestMoving.begin(to: "ann") }
        guard steps > 1 else { return }
        _ = try into.write { try $0.guestMoving.takeIn(GuestOutbox(store: from), of: move) }
        guard steps > 2 else { return }
        try from.write { try $0.guestMoving.end() }
    }

    @Test(
        "Whoever opens a store next finishes a move that was cut short, the user or a guest", arguments: 0...3,
        ["", "ann"])
    func cutShort(steps: Int, opener: String) throws {
        try run { root in
            let guest = try find(root, "")
            try write(guest, "", "guest's")
            let ann = try find(root, "ann")
            try write(ann, "ann", "Ann's")
            try killed(after: steps, guest, ann)
            let found = try find(root, opener)
            #expect(!guest.isMoving)
            if opener == "ann" { #expect(found == ann) }
            // Before the first step nothing was decided yet.
            #expect(try titles(ann, "ann") == (steps == 0 ? ["Ann's"] : ["Ann's", "guest's"]))
            let next = try find(root, "")
            #expect(try titles(next, "") == [])
            #expect(try open(ann, "ann").read { try $0.outbox.entryCount() } == (steps == 0 ? 1 : 2))
        }
    }

    @Test("So does a user whose store was made before the guest's", arguments: 1...3)
    func cutShortBehind(steps: Int) throws {
        try run { root in
            let ann = try find(root, "ann")
            try write(ann, "ann", "Ann's")
            let guest = try find(root, "")
            try write(guest, "", "guest's")
            try killed(after: steps, guest, ann)
            #expect(try find(root, "ann") == ann)
            #expect(!guest.isMoving)
            #expect(try titles(ann, "ann") == ["Ann's", "guest's"])
        }
    }

    @Test("Where a move can't be finished, guests get another store and the user's opens; it goes on when it can")
    func unfinishable() throws {
        try run { root in
            let guest = try find(root, "")
            try write(guest, "", "guest's")
            let ann = try find(root, "ann")
            try write(ann, "ann", "Ann's")
            try killed(after: 1, guest, ann)
            let hidden = guest.folder + "/hidden"
            for name in ["store.sqlite", "store.sqlite-wal"] {
                if FileManager.default.fileExists(atPath: guest.folder + "/" + name) {
                    try FileManager.default.moveItem(atPath: guest.folder + "/" + name, toPath: hidden + name)
                }
            }
            try FileManager.default.createDirectory(
                atPath: guest.folder + "/store.sqlite", withIntermediateDirectories: false)
            #expect(try find(root, "ann") == ann)
            let next = try find(root, "")
            #expect(next != guest && guest.isMoving)
            try FileManager.default.removeItem(atPath: guest.folder + "/store.sqlite")
            for name in ["store.sqlite", "store.sqlite-wal"]
            where FileManager.default.fileExists(atPath: hidden + name) {
                try FileManager.default.moveItem(atPath: hidden + name, toPath: guest.folder + "/" + name)
            }
            _ = try find(root, "ann")
            #expect(try !guest.isMoving && titles(ann, "ann") == ["Ann's", "guest's"])
        }
    }

    @Test("Where the user's store was removed meanwhile, the guest's becomes theirs")
    func targetGone() throws {
        try run { root in
            let guest = try find(root, "")
            try write(guest, "", "guest's")
            let ann = try find(root, "ann")
            try write(ann, "ann", "Ann's")
            try killed(after: 1, guest, ann)
            try FileManager.default.removeItem(atPath: ann.folder)
            #expect(try find(root, "ann") == guest)
            #expect(try titles(guest, "ann") == ["guest's"])
            #expect(try find(root, "") != guest)
        }
    }

    @Test("Two processes move the same store at once, and one is killed wherever it comes: all of it is there once")
    func processes() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        for kill in [false, true] {
            for round in 0..<(kill ? 6 : 2) {
                let root = root + "/\(kill)-\(round)"
                do {
                    let guest = try find(root, "")
                    for index in 0..<40 { try write(guest, "", "\(index)") }
                    try write(try find(root, "ann"), "ann", "Ann's")
                }
                var children: [ChildProcess] = []
                for _ in 0..<2 {
                    children.append(try ChildProcess(ChildProcess.built("StoreProcess"), ["move", root]))
                }
                if kill { children[0].kill() }
                var moved = 0
                for index in children.indices {
                    moved += try await Self.reaped(children[index], mayDie: kill && index == 0)
                }
                #expect(kill || moved == 40)
                let ann = try find(root, "ann")
                #expect(try open(ann, "ann").read { try $0.outbox.entryCount() } == 41)
                #expect(try titles(try find(root, ""), "") == [])
            }
        }
    }

    @Test(
        "A move that fails or is killed at any call to the system is finished by the next opening",
        arguments: OpeningCopies.Mode.allCases)
    func everyCall(mode: OpeningCopies.Mode) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/copies", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let guest = try find(folder + "/app", "")
            for index in 0..<10 { try write(guest, "", "\(index)") }
            try write(try find(folder + "/app", "ann"), "ann", "Ann's")
        }
        let openings = try await OpeningCopies.run(
            folder + "/app", into: folder + "/copies", mode, from: 0, step: mode == .kill ? 67 : 23, isMoving: true)
        #expect((openings.last?.call ?? 0) > 200)
        #expect(openings.last?.outcome == "moved 10")
        for opening in openings {
            let root = folder + "/copies/\(opening.call)"
            let place = "\(mode), call \(opening.call), \(opening.outcome ?? "killed")"
            let ann = try find(root, "ann")
            for left in try StoreLocation.left(root: root, name: "main") {
                _ = try left.location.move(into: try open(ann, "ann"), at: ann, by: "ann")
            }
            let entries = try open(ann, "ann").read { try $0.outbox.entries() }
            #expect(entries.count == 11 && Set(entries.map(\.record)).count == 11, "\(place)")
            #expect(try StoreAudit.faults(open(ann, "ann")) == [], "\(place)")
            #expect(try titles(try find(root, ""), "") == [], "\(place)")
        }
    }

    /// How many entries a process told that it moved. Holds no thread of the tests.
    private static func reaped(_ child: ChildProcess, mayDie: Bool) async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                var child = child
                var told = 0
                while let lines = child.lines() { told += lines.compactMap { Int($0) }.reduce(0, +) }
                let code = child.reap()
                if code == 0 || mayDie {
                    continuation.resume(returning: told)
                } else {
                    continuation.resume(
                        throwing: ChildProcess.Failure(what: "ended with \(String(describing: code))"))
                }
            }
        }
    }
}
