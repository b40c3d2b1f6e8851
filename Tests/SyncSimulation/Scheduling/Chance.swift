import BkendSync
import BkendWire

/// Draws that a seed and a name decide, independent of each other: what happens to one request is the same whether or
/// not another one was left out. That is what makes a failing run shrink.
package struct Chance: Sendable {
    /// The seed of the run.
    package let seed: UInt64

    /// The draws of a seed.
    package init(seed: UInt64) { self.seed = seed }

    /// The random numbers of a name.
    package func sequence(_ name: String) -> SyncRandom {
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325 ^ (seed &* 0x9E37_79B9_7F4A_7C15)
        for byte in name.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var random = SyncRandom(seed: digest)
        _ = random.next()
        return random
    }
}

extension SyncRandom {
    /// True with a probability.
    mutating func hits(_ probability: Double) -> Bool {
        if probability <= 0 { return false }
        return Double(next() >> 11) * 0x1p-53 < probability
    }

    /// A number of a range.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// One of several.
    mutating func one<Value>(of values: [Value]) -> Value { values[number(0...(values.count - 1))] }

    /// One of several by weight.
    mutating func one<Value>(by weights: [(Value, Int)]) -> Value {
        var rest = number(0...(weights.reduce(0) { $0 + $1.1 } - 1))
        for (value, weight) in weights {
            if rest < weight { return value }
            rest -= weight
        }
        return weights[0].0
    }
}
