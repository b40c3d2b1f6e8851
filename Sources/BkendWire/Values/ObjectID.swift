/// Makes record ids in MongoDB's ObjectId layout: 4 bytes of seconds, 5 random bytes of this process, a 3-byte counter.
///
/// Ids of one generator ascend in the order they are made, also when the clock steps back or more than 2^24 are made in
/// a second: the seconds then run ahead of the clock. In February 2106 the 32 bits of seconds begin again at 0, as
/// MongoDB's do.
package struct ObjectIDGenerator: Sendable {
    private let process: UInt64
    private var seconds: UInt32 = 0
    private var counter: UInt32

    /// A generator with its own random part.
    package init(using random: inout some RandomNumberGenerator) {
        self.init(
            process: .random(in: 0..<(1 << 40), using: &random), counter: .random(in: 0..<(1 << 23), using: &random))
    }

    /// A generator whose next id counts one more than `counter`.
    init(process: UInt64, counter: UInt32) {
        self.process = process
        self.counter = counter
    }

    /// The next id, 24 lower-case hex digits.
    package mutating func next(at now: Timestamp) -> String {
        let clock = UInt32(truncatingIfNeeded: max(0, now.milliseconds / 1_000))
        if clock > seconds { seconds = clock }
        counter += 1
        if counter >= 1 << 24 {
            counter = 0
            seconds &+= 1
        }
        let high = UInt64(seconds) << 32 | process >> 8
        let low = UInt32(truncatingIfNeeded: process) << 24 | counter
        return String(unsafeUninitializedCapacity: 24) { out in
            let digits: StaticString = "0123456789abcdef"
            for index in 0..<16 { out[index] = digits.utf8Start[Int(high >> UInt64(60 - 4 * index) & 15)] }
            for index in 0..<8 { out[16 + index] = digits.utf8Start[Int(low >> UInt32(28 - 4 * index) & 15)] }
            return 24
        }
    }
}
