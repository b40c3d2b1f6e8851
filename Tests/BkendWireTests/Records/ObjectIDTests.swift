import Testing

@testable import BkendWire

@Suite struct ObjectIDTests {
    static func generator(seed: UInt64 = 1) -> ObjectIDGenerator {
        var random = SeededGenerator(seed: seed)
        return ObjectIDGenerator(using: &random)
    }

    @Test("an id is seconds, a random part and a counter, in 24 lower-case hex digits")
    func idSecondsRandom() throws {
        var ids = Self.generator()
        let now = try #require(Timestamp("2025-01-08T09:30:00.999Z"))
        let first = ids.next(at: now)
        let second = ids.next(at: now)
        #expect(first.utf8.count == 24)
        #expect(first.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        #expect(UInt32(first.prefix(8), radix: 16) == 1_736_328_600)
        #expect(first.prefix(18) == second.prefix(18))
        #expect(UInt32(second.suffix(6), radix: 16) == UInt32(first.suffix(6), radix: 16).map { $0 + 1 })
    }

    @Test("two generators have different random parts")
    func twoGeneratorsDifferent() {
        var one = Self.generator(seed: 1)
        var other = Self.generator(seed: 2)
        let now = Timestamp(clamping: 1_736_328_600_000)
        #expect(one.next(at: now).dropFirst(8).prefix(10) != other.next(at: now).dropFirst(8).prefix(10))
    }

    @Test("ids ascend when the clock steps back, stands still or leaps")
    func idsAscendWhen() {
        var ids = Self.generator()
        var random = SeededGenerator(seed: 8)
        var last = ""
        for _ in 0..<10_000 {
            let step = Int64.random(in: -100_000_000...100_000_000, using: &random)
            let id = ids.next(at: Timestamp(clamping: 1_736_328_600_000 + step))
            #expect(id > last)
            last = id
        }
    }

    @Test("ids ascend past the counter's end by running ahead of the clock")
    func idsAscendPast() {
        var ids = ObjectIDGenerator(process: 0xAB_CDEF_0123, counter: (1 << 24) - 3)
        let now = Timestamp(clamping: 1_736_328_600_000)
        let made = (0..<4).map { _ in ids.next(at: now) }
        #expect(
            made == [
                "677e4598abcdef0123fffffe", "677e4598abcdef0123ffffff", "677e4599abcdef0123000000",
                "677e4599abcdef0123000001",
            ])
        #expect(ids.next(at: Timestamp(clamping: 1_736_328_603_000)) == "677e459babcdef0123000002")
    }

    @Test("moments that 32 bits of seconds can't hold don't stop a generator")
    func moments32Bits() {
        var ids = Self.generator()
        #expect(ids.next(at: Timestamp(clamping: .min)).hasPrefix("00000000"))
        var late = ObjectIDGenerator(process: 1, counter: (1 << 24) - 2)
        let last = Timestamp(clamping: Int64(UInt32.max) * 1_000)
        #expect(late.next(at: last) == "ffffffff0000000001ffffff")
        #expect(late.next(at: last) == "000000000000000001000000")
    }
}
