import BkendDocuments
import BkendSync
import BkendWire
import GRDB
import Synchronization

/// Runs steps against the store and the model side by side and compares all that can be seen after each.
final class PropertyRun {
    typealias Place = ModelStore.Place

    struct Mismatch: Error, CustomStringConvertible {
        var description: String
    }

    static let tables = ["free", "unique", "filtered"]

    let queue: DatabaseQueue
    let environment: StoreEnvironment
    var store: StoreDatabase
    var model = ModelStore()
    var random = PropertyRandom(state: 0)
    var trace: [String] = []
    let keepsTrace: Bool
    private let clock: ManualClock
    var serverCount = 0
    var epoch: Int64 = 0
    /// Texts that were read before, and what they say.
    var parsed: [[UInt8]: Fields] = [:]
    var latest: Int64 = 0
    var steps = 0
    /// What the model had after the last step, and who the owner was.
    var before: [Place: PropertyMemory.Record] = [:]
    var owner = ""
    var memory = PropertyMemory()

    init(keepsTrace: Bool = false) throws {
        self.keepsTrace = keepsTrace
        queue = try DocumentStorage.inMemory()
        let clock = ManualClock()
        let numbers = Mutex<UInt64>(0)
        environment = StoreEnvironment(
            now: { clock.now },
            random: {
                numbers.withLock { number in
                    number += 1
                    return number
                }
            })
        self.clock = clock
        store = try StoreDatabase(over: queue, environment: environment)
        try store.write { tx in
            try tx.setFacts(TableFacts(uniqueFields: []), of: "free")
            try tx.setFacts(TableFacts(uniqueFields: []), of: "filtered")
            let all = try tx.subscribing.subscribe("unique")
            let some = try tx.subscribing.subscribe("filtered", to: try RESTFilter(allOf: [Condition("k", .equals(1))]))
            model.subscriptions[all] = .init(table: "unique")
            model.subscriptions[some] = .init(table: "filtered", k: 1)
        }
        model.uniqueTables = ["unique"]
    }

    /// - Throws: `Mismatch`, or whatever the store threw that it shouldn't have.
    func run(_ step: PropertyStep) throws {
        random = PropertyRandom(state: step.seed)
        clock.now = Timestamp(clamping: clock.now.milliseconds + Int64(random.below(3)) * 1_000)
        model.now = clock.now.milliseconds
        let renamed = try perform(step.kind)
        model.dropUnheld()
        try compare(after: latest, renamed: renamed)
    }

    func note(_ text: @autoclosure () -> String) { if keepsTrace { trace.append(text()) } }
}

/// A clock that stands until it is set.
final class ManualClock: Sendable {
    private let moment = Mutex(Timestamp(clamping: 1_700_000_000_000))

    var now: Timestamp {
        get { moment.withLock { $0 } }
        set { moment.withLock { $0 = newValue } }
    }
}

extension PropertyRun {
    /// The first step that shows a difference, and which; nil for none.
    static func failure(of steps: [PropertyStep]) -> (index: Int, reason: String)? {
        do {
            let run = try PropertyRun()
            for (index, step) in steps.enumerated() {
                do { try run.run(step) } catch { return (index, "\(error)") }
            }
            return nil
        } catch {
            return (0, "\(error)")
        }
    }

    /// A short sequence that still fails, found by cutting runs of steps out: halves first, single steps last. After so
    /// many attempts it is short enough.
    static func shrunk(_ steps: [PropertyStep], attempts: Int = 1_000) -> [PropertyStep] {
        var steps = steps
        var left = attempts
        var width = max(1, steps.count / 2)
        while true {
            var start = 0
            var didCut = false
            while start < steps.count {
                left -= 1
                if left < 0 { return steps }
                var shorter = steps
                shorter.removeSubrange(start..<min(steps.count, start + width))
                if let failure = failure(of: shorter) {
                    steps = Array(shorter.prefix(failure.index + 1))
                    didCut = true
                } else {
                    start += width
                }
            }
            if width == 1 && !didCut { return steps }
            width = max(1, width / 2)
        }
    }

    /// What happens in a sequence, line by line, up to the difference.
    static func trace(of steps: [PropertyStep]) -> String {
        guard let run = try? PropertyRun(keepsTrace: true) else { return "" }
        for step in steps {
            do { try run.run(step) } catch {
                run.note("=> \(error)")
                break
            }
        }
        return run.trace.joined(separator: "\n")
    }
}
