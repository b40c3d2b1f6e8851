import BkendWire
import Testing

@testable import BkendSync

/// The real upload against a small server, exhaustively: whatever is lost, copied, late, expired, deleted or restored, and
/// whoever leads, an attachment becomes one file at most, and can always still become one.
@Suite struct UploadSearchTests {
    @Test(
        "Every history makes at most one file, and none is stuck, in one piece and in parts",
        arguments: UploadWorld.Trouble.allCases, [false, true])
    func sound(trouble: UploadWorld.Trouble, isInParts: Bool) {
        let found = UploadWorld.search(trouble, isInParts: isInParts)
        #expect(found.states > 1_000)
        #expect(found.bad == nil, "\(found.bad?.joined(separator: "\n") ?? "")")
        #expect(found.stuck == 0)
    }

    @Test("Without any one of the rules some history makes two files", arguments: UploadWorld.Fault.allCases)
    func faults(fault: UploadWorld.Fault) {
        #expect(UploadWorld.search(.none, fault, isInParts: false).bad != nil)
    }

    // Parts are put together before they are registered, so that a refusal of their registration is never early.
    @Test(
        "The same in parts",
        arguments: [
            UploadWorld.Fault.takesAnotherKeyWhenItExists, .uploadsAgainWhatWasDeleted, .deletedAnswersNothingStored,
        ])
    func faultsInParts(fault: UploadWorld.Fault) {
        #expect(UploadWorld.search(.none, fault, isInParts: true).bad != nil)
    }
}

/// One upload, three keys, the server's states of them, and every request that was ever sent: each may arrive again.
struct UploadWorld: Hashable {
    /// What happens once at most, besides.
    enum Trouble: CaseIterable {
        case none
        case deletion
        /// A backup is restored in which the bytes are there and the record isn't.
        case restoredStored
        /// A backup is restored that is older than the key.
        case restoredUnknown
    }

    /// A rule that is left out.
    enum Fault: CaseIterable {
        case givesUpAtTheFirstRefusal
        case forgetsTheMark
        case takesAnotherKeyWhenItExists
        case uploadsAgainWhatWasDeleted
        case refusalClosesNothing
        case deletedAnswersNothingStored
    }

    enum Stage: String {
        case none = "-"
        case issued = "i"
        case stored = "s"
        case registered = "r"
        case deleted = "d"
        case closed = "c"
        case unknown = "u"
    }

    var upload: Upload
    var keys = [Stage](repeating: .none, count: count)
    /// Whether a key's address is good.
    var isAlive = [Bool](repeating: false, count: count)
    /// Whether a key's one part is there.
    var hasPart = [Bool](repeating: false, count: count)
    /// The PUTs, completions and registrations that were sent, by key.
    var puts: Set<Int> = []
    var completes: Set<Int> = []
    var posts: Set<Int> = []
    /// How many files were ever made of a key.
    var made = [Int](repeating: 0, count: count)
    var isTroubled = false
    var end: String?

    private static let count = 3
    // Eight days later even parts may come no more.
    private static let (early, late) = (Timestamp(clamping: 100_000), Timestamp(clamping: 8 * 24 * 3_600_000))
    private static let no = EntryFailure(code: "no", message: "no")
    /// What the storage calls the part.
    private static let tag = "e"

    init(isInParts: Bool) { upload = Upload(isInParts: isInParts) }

    private func key(_ number: Int) -> UploadKey {
        var key = UploadKey(
            key: "\(number)", url: "u", fileID: "f\(number)", visibility: "private", issuedAt: Timestamp(clamping: 0))
        if upload.isInParts {
            key.parts = UploadParts(uploadID: "p\(number)", total: 10)
            key.life = UploadKey.lifeOfParts
        }
        return key
    }

    /// Whether the device asks something for a key now, and what.
    private func asked(_ number: Int) -> UploadRequest? { upload.key?.key == "\(number)" ? upload.request : nil }

    private static func file(_ number: Int) -> UploadedFile {
        UploadedFile(
            id: "f\(number)", key: "\(number)", row: AnswerRow(id: "f\(number)", updatedAt: nil, text: []))
    }

    /// The server's time, as an answer about a key has it.
    private func date(_ key: Int) -> Timestamp { isAlive[key] ? Self.early : Self.late }

    // MARK: The device

    /// The world after the device has taken an answer, if it still asks for it.
    private func taking(_ answer: UploadAnswer, to request: UploadRequest, _ fault: Fault?) -> UploadWorld {
        guard end == nil else { return self }
        var world = self
        var rules = UploadRules()
        if fault == .givesUpAtTheFirstRefusal { rules.mayGiveUp = { _, _ in true } }
        let outcome = world.upload.take(answer, to: request, sha256: "aa", othersSucceed: false, by: rules)
        guard let outcome else { return self }
        // Each loss may be the last one that is waited for.
        world.upload.losses = 0
        if fault == .forgetsTheMark { world.upload.isMarked = false }
        if fault == .takesAnotherKeyWhenItExists, answer == .exists {
            world.upload = Upload(isInParts: upload.isInParts)
        }
        switch outcome {
        case .goesOn, .waits: break
        case .deletedElsewhere where fault == .uploadsAgainWhatWasDeleted:
            world.upload = Upload(isInParts: upload.isInParts)
        case .done, .failed, .unresolved, .deletedElsewhere: world.end = "\(outcome)".prefix { $0 != "(" }.description
        }
        return world
    }

    /// What a device does by itself, or what happens to what it asks.
    private func deviceSteps(_ fault: Fault?) -> [UploadWorld] {
        guard end == nil else { return [] }
        let request = upload.request
        var worlds: [UploadWorld] = []
        switch request {
        case .presign, .begin:
            guard let free = keys.indices.first(where: { keys[$0] == .none }) else { return [] }
            var world = self
            world.keys[free] = .issued
            world.isAlive[free] = true
            worlds.append(world.taking(.issued(key(free)), to: request, fault))
        case .address(let key):
            guard let number = Int(key.key) else { return [] }
            let isOpen = keys[number] == .issued && isAlive[number]
            worlds.append(taking(isOpen ? .address("u") : .refused(Self.no), to: request, fault))
        case .complete(let key):
            guard let number = Int(key.key) else { return [] }
            if key.parts?.tags == [Self.tag] {
                var world = self
                world.completes.insert(number)
                worlds.append(world)
            } else {
                worlds.append(taking(.refused(Self.no), to: request, fault))
            }
        case .put(let key), .putPart(let key):
            guard let number = Int(key.key) else { return [] }
            var world = self
            world.puts.insert(number)
            worlds.append(world)
            if !isAlive[number] { worlds.append(taking(.expired(Self.no), to: request, fault)) }
            // A portal may say anything.
            for answer in [UploadAnswer.stored(tag: "x"), .expired(Self.no), .taken, .storageRefused(Self.no)] {
                worlds.append(taking(answer, to: request, fault))
            }
            var patient = self
            patient.upload.losses = Upload.mostLosses - 1
            worlds.append(patient.taking(.lost, to: request, fault))
        case .register(let key):
            guard let number = Int(key.key) else { return [] }
            var world = self
            world.posts.insert(number)
            worlds.append(world)
        case .read(_, let key):
            guard let number = Int(key.key) else { return [] }
            let answer = keys[number] == .registered ? UploadAnswer.record(Self.file(number)) : .missing
            worlds.append(taking(answer, to: request, fault))
        case .search, .delete: Issue.record("it asks \(request)")
        }
        return worlds
    }

    // MARK: The server

    /// A PUT arrives, for the first time or once more. The address was looked at when it began.
    private func putting(_ number: Int, _ fault: Fault?) -> [UploadWorld] {
        var world = self
        let answer: UploadAnswer
        switch keys[number] {
        case .issued where upload.isInParts:
            world.hasPart[number] = true
            answer = .stored(tag: Self.tag)
        case .stored where upload.isInParts, .registered where upload.isInParts: answer = .taken
        case .issued, .stored:
            world.keys[number] = .stored
            answer = .stored(tag: Self.tag)
        case .registered: answer = .stored(tag: Self.tag)
        case .deleted: answer = .taken
        case .closed: answer = .expired(Self.no)
        case .none, .unknown: answer = .storageRefused(Self.no)
        }
        switch asked(number) {
        case .put(let key): return [world, world.taking(answer, to: .put(key), fault)]
        case .putPart(let key): return [world, world.taking(answer, to: .putPart(key), fault)]
        default: return [world]
        }
    }

    /// A completion arrives, for the first time or once more.
    private func completing(_ number: Int, _ fault: Fault?) -> [UploadWorld] {
        var world = self
        let answer: UploadAnswer
        switch keys[number] {
        case .issued where hasPart[number]:
            world.keys[number] = .stored
            answer = .completed
        case .stored, .registered: answer = .completed
        case .issued, .deleted, .closed, .none, .unknown: answer = .refused(Self.no)
        }
        guard case .complete(let key) = asked(number) else { return [world] }
        return [world, world.taking(answer, to: .complete(key), fault)]
    }

    /// A registration arrives, for the first time or once more.
    private func registering(_ number: Int, _ fault: Fault?) -> [UploadWorld] {
        var world = self
        let answer: UploadAnswer
        switch keys[number] {
        case .stored:
            world.keys[number] = .registered
            world.made[number] += 1
            answer = .record(Self.file(number))
        case .deleted where fault == .deletedAnswersNothingStored: answer = .nothingStored(at: date(number))
        case .registered, .deleted: answer = .exists
        case .issued where isAlive[number] || fault == .refusalClosesNothing:
            answer = .nothingStored(at: date(number))
        case .issued:
            world.keys[number] = .closed
            answer = .unknownKey(at: date(number))
        case .closed, .none, .unknown: answer = .unknownKey(at: date(number))
        }
        guard case .register(let key) = asked(number) else { return [world] }
        return [world, world.taking(answer, to: .register(key), fault)]
    }

    private func serverSteps(_ trouble: Trouble, _ fault: Fault?) -> [UploadWorld] {
        var worlds: [UploadWorld] = []
        for number in puts { worlds += putting(number, fault) }
        for number in completes { worlds += completing(number, fault) }
        for number in posts { worlds += registering(number, fault) }
        for number in keys.indices {
            func add(_ change: (inout UploadWorld) -> Void) {
                var world = self
                change(&world)
                worlds.append(world)
            }
            if isAlive[number] { add { $0.isAlive[number] = false } }
            if [.issued, .stored].contains(keys[number]), !isAlive[number] { add { $0.keys[number] = .closed } }
            if isTroubled { continue }
            switch trouble {
            case .none, .deletion:
                if keys[number] == .registered, trouble == .deletion || fault != nil {
                    add { ($0.keys[number], $0.isTroubled) = (.deleted, true) }
                }
            case .restoredStored:
                if keys[number] == .registered {
                    add { ($0.keys[number], $0.made[number], $0.isTroubled) = (.stored, 0, true) }
                }
            case .restoredUnknown:
                if [.registered, .stored, .issued].contains(keys[number]) {
                    add { ($0.keys[number], $0.made[number], $0.isTroubled) = (.unknown, 0, true) }
                }
            }
        }
        return worlds
    }

    // MARK: The search

    /// All is well, or there is nothing more to try in so small a world.
    private var isGood: Bool { end != nil || upload.step == .waiting && !keys.contains(.none) }

    private var summary: String {
        let stages = zip(keys, isAlive).map { $0.rawValue + ($1 ? "+" : "") }.joined(separator: " ")
        let key = upload.key.map { "\($0.key)\(upload.isMarked ? "*" : "")" } ?? ""
        return
            "\(upload.step) \(key) | \(stages) | PUT \(puts.sorted()) DONE \(completes.sorted()) POST \(posts.sorted()) | \(end ?? "")"
    }

    struct Found {
        var states: Int
        /// The way to a world with two files.
        var bad: [String]?
        /// From how many worlds no good one can be reached.
        var stuck: Int
    }

    /// Tries every order of events.
    static func search(_ trouble: Trouble, _ fault: Fault? = nil, isInParts: Bool) -> Found {
        let first = UploadWorld(isInParts: isInParts)
        var numbers: [UploadWorld: Int] = [first: 0]
        var worlds = [first]
        var cameFrom = [-1]
        var before: [[Int]] = [[]]
        var next = 0
        while next < worlds.count {
            let world = worlds[next]
            if world.made.reduce(0, +) > 1 {
                var (way, step) = ([String](), next)
                while step >= 0 {
                    way.append(worlds[step].summary)
                    step = cameFrom[step]
                }
                return Found(states: worlds.count, bad: way.reversed(), stuck: 0)
            }
            for following in world.deviceSteps(fault) + world.serverSteps(trouble, fault) where following != world {
                if let known = numbers[following] {
                    before[known].append(next)
                    continue
                }
                numbers[following] = worlds.count
                worlds.append(following)
                cameFrom.append(next)
                before.append([next])
            }
            next += 1
        }
        var isReached = worlds.map(\.isGood)
        var open = worlds.indices.filter { isReached[$0] }
        while let good = open.popLast() {
            for earlier in before[good] where !isReached[earlier] {
                isReached[earlier] = true
                open.append(earlier)
            }
        }
        return Found(states: worlds.count, bad: nil, stuck: isReached.count { !$0 })
    }
}
