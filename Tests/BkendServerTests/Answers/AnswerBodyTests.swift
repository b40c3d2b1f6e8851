import BkendAccounts
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import BkendServer

/// The memory of answers: counted while they are built, given back as they are written or dropped.
@Suite struct AnswerBodyTests {
    private static let one = ClientAddress("192.0.2.1")
    private static let other = ClientAddress("192.0.2.2")

    private func body(_ bytes: Int, _ budget: AnswerBudget, _ client: ClientAddress? = one) throws -> AnswerBody {
        try AnswerBody(
            (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }, on: AnswerAccount(budget, client: client))
    }

    @Test("A small answer takes nothing, whatever the others take")
    func small() throws {
        let budget = AnswerBudget(bytes: 1 << 20)
        let held = try body(400_000, budget)
        #expect(budget.used >= 400_000)
        #expect(throws: TooManyRequests.self) { try body(400_000, budget) }
        #expect(budget.refused == 1)
        let before = budget.used
        let small = try body(AnswerBudget.smallAnswer, budget)
        #expect(budget.used == before)
        #expect(small.count == AnswerBudget.smallAnswer && held.count == 400_000)
    }

    @Test("A client has half of it; the last quarter is for answers of up to a mebibyte")
    func shares() throws {
        let budget = AnswerBudget(bytes: 16 << 20)
        var held = [try body(7 << 20, budget)]
        let error = #expect(throws: TooManyRequests.self) { try body(2 << 20, budget) }
        #expect(error?.body.status == 503 && error?.body.code == .serviceUnavailable && error?.retryAfterSeconds == 1)
        held.append(try body(4 << 20, budget, Self.other))
        // 11 of 12 MiB: a large one doesn't fit any more.
        #expect(throws: TooManyRequests.self) { try body(2 << 20, budget, Self.other) }
        for _ in 0..<3 { held.append(try body(900_000, budget, Self.other)) }
        #expect(budget.used <= budget.bytes)
        held = []
        #expect(budget.used == 0)
    }

    @Test("While answers are refused, the one that holds most is dropped, if its client takes it too slowly")
    func dropped() throws {
        let budget = AnswerBudget(bytes: 16 << 20)
        let age = Mutex(Duration.zero)
        let ended = Mutex<[Int]>([])
        let start = ContinuousClock.now
        func held(_ mebibytes: Int, _ client: ClientAddress?) throws -> AnswerBody {
            let account = AnswerAccount(
                budget, client: client, drop: { ended.withLock { $0.append(mebibytes) } },
                clock: { age.withLock { start + $0 } })
            return try AnswerBody([UInt8](repeating: 1, count: mebibytes << 20), on: account)
        }
        let answers = [try held(7, Self.one), try held(4, Self.other)]
        let third = ClientAddress("192.0.2.3")
        #expect(throws: TooManyRequests.self) { try held(2, third) }
        #expect(ended.withLock { $0 } == [], "an answer that has just begun has no pace yet")
        age.withLock { $0 = .seconds(21) }
        // Whose own half is full waits for itself.
        #expect(throws: TooManyRequests.self) { try held(2, Self.one) }
        #expect(throws: TooManyRequests.self) { try held(2, third) }
        #expect(ended.withLock { $0 }.last == 7)
        withExtendedLifetime(answers) {}
    }

    @Test("Addresses of one IPv6 network are one client")
    func networks() throws {
        let budget = AnswerBudget(bytes: 4 << 20)
        let held = try body(1_500_000, budget, ClientAddress("2001:db8::1"))
        #expect(throws: TooManyRequests.self) { try body(1_000_000, budget, ClientAddress("2001:db8::2")) }
        #expect(held.count == 1_500_000)
    }

    @Test(
        "What was built in pieces is the same bytes, between other texts too",
        arguments: [0, 1, 65_536, 65_537, 800_000])
    func bytes(count: Int) async throws {
        let budget = AnswerBudget(bytes: 16 << 20)
        let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let plain = try body(count, budget)
        #expect(Array(plain.buffer.readableBytesView) == expected && plain.count == count)
        let between = plain.between("<<", ">")
        #expect(Array(between.buffer.readableBytesView) == Array("<<".utf8) + expected + Array(">".utf8))
        #expect(between.count == count + 3)
        let writer = Collector()
        try await between.response(on: Self.loop).write(writer)
        #expect(writer.bytes == Array("<<".utf8) + expected + Array(">".utf8))
        #expect(writer.isFinished)
    }

    @Test("An answer that was made without asking is counted afterwards, or refused")
    func settled() throws {
        let budget = AnswerBudget(bytes: 1 << 20)
        let account = AnswerAccount(budget, client: Self.one)
        let small = try AnswerBody(ByteBuffer(repeating: 1, count: 60_000)).settled(on: account)
        #expect(budget.used == 0 && small.count == 60_000)
        let large = try AnswerBody(ByteBuffer(repeating: 1, count: 300_000)).settled(on: account)
        #expect(budget.used == 300_000 && large.count == 300_000)
        #expect(throws: TooManyRequests.self) {
            try AnswerBody(ByteBuffer(repeating: 1, count: 300_000)).settled(on: account)
        }
    }

    @Test("Each piece is given back once the next one was taken, and the last at the end")
    func written() async throws {
        let budget = AnswerBudget(bytes: 16 << 20)
        let writer = Collector(look: { budget.used })
        let response = try body(1_000_000, budget).response(on: Self.loop)
        try await response.write(writer)
        let used = writer.seen
        #expect(used.count == 9 && used[0] >= 1_000_000)
        #expect(zip(used, used.dropFirst()).dropFirst().allSatisfy { $0 > $1 }, "\(used)")
        #expect(try #require(used.last) <= 3 * 128 << 10)
        #expect(budget.used == 0)
    }

    @Test("An answer that is cut off, cancelled or never written gives everything back")
    func dropped() async throws {
        let budget = AnswerBudget(bytes: 16 << 20)
        struct Gone: Error {}
        let cut = try body(1_000_000, budget).response(on: Self.loop)
        await #expect(throws: Gone.self) {
            try await cut.write(Collector(failing: { $0 == 3 ? Gone() : nil }))
        }
        #expect(budget.used == 0)

        var unread: ResponseBody? = try body(1_000_000, budget).response(on: Self.loop)
        #expect(budget.used >= 1_000_000 && unread != nil)
        unread = nil
        #expect(budget.used == 0)

        let stalled = try body(1_000_000, budget).response(on: Self.loop)
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let task = Task { try await stalled.write(Stalling(begun: beginning)) }
        var beginnings = begun.makeAsyncIterator()
        await beginnings.next()
        #expect(budget.used >= 1_000_000)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(budget.used == 0)
    }

    private static var loop: any EventLoop { MultiThreadedEventLoopGroup.singleton.next() }

    /// Takes everything at once.
    private final class Collector: ResponseBodyWriter, Sendable {
        private let state = Mutex<(bytes: [UInt8], seen: [Int], isFinished: Bool)>(([], [], false))
        private let look: @Sendable () -> Int
        private let failing: @Sendable (Int) -> (any Error)?

        init(
            failing: @escaping @Sendable (Int) -> (any Error)? = { _ in nil },
            look: @escaping @Sendable () -> Int = { 0 }
        ) {
            self.look = look
            self.failing = failing
        }

        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var seen: [Int] { state.withLock { $0.seen } }
        var isFinished: Bool { state.withLock { $0.isFinished } }

        func write(_ buffer: ByteBuffer) async throws {
            let count = state.withLock { state in
                state.bytes += Array(buffer.readableBytesView)
                state.seen.append(look())
                return state.seen.count
            }
            if let error = failing(count) { throw error }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            state.withLock { $0.isFinished = true }
        }
    }

    /// Takes one piece, and never another.
    private struct Stalling: ResponseBodyWriter {
        let begun: AsyncStream<Void>.Continuation
        private var isFirst = true

        init(begun: AsyncStream<Void>.Continuation) { self.begun = begun }

        mutating func write(_ buffer: ByteBuffer) async throws {
            if isFirst {
                isFirst = false
                return
            }
            begun.yield()
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            try Task.checkCancellation()
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
