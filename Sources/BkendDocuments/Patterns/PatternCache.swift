import BkendWire
import Synchronization

/// The patterns compiled last. Compiling, with JIT, costs as much as matching hundreds of texts.
final class PatternCache: Sendable {
    /// A memo of a pure function, so one for the process serves every database.
    static let shared = PatternCache(capacity: 128)

    private struct Key: Hashable {
        let pattern: ExactString
        let options: String
    }

    private struct State {
        var patterns: [Key: (pattern: Pattern, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// The compiled pattern.
    ///
    /// - Throws: `InvalidPattern`.
    func pattern(_ pattern: String, options: String) throws(InvalidPattern) -> Pattern {
        let key = Key(pattern: ExactString(pattern), options: options)
        let known: Pattern? = state.withLock { state in
            state.clock += 1
            guard let pattern = state.patterns[key]?.pattern else { return nil }
            state.patterns[key]?.used = state.clock
            return pattern
        }
        if let known { return known }
        let compiled = try Pattern(pattern, options: options)
        state.withLock { state in
            state.patterns[key] = (compiled, state.clock)
            if state.patterns.count > capacity, let oldest = state.patterns.min(by: { $0.value.used < $1.value.used }) {
                state.patterns[oldest.key] = nil
            }
        }
        return compiled
    }
}
