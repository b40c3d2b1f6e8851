import Synchronization

/// The id by which a request is found in the log: the client's own when it is sound, else a new one.
struct RequestIDs: Sendable {
    private let process: UInt64
    private let counter = RequestCounter()

    init(using random: inout some RandomNumberGenerator) { process = .random(in: 0..<(1 << 40), using: &random) }

    /// The id for a request that asks for this one.
    func id(asked: String?) -> String {
        if let asked, Self.isSound(asked) { return asked }
        let high = process
        let low = UInt32(truncatingIfNeeded: counter.next())
        return String(unsafeUninitializedCapacity: 18) { out in
            let digits: StaticString = "0123456789abcdef"
            for index in 0..<10 { out[index] = digits.utf8Start[Int(high >> UInt64(36 - 4 * index) & 15)] }
            for index in 0..<8 { out[10 + index] = digits.utf8Start[Int(low >> UInt32(28 - 4 * index) & 15)] }
            return 18
        }
    }

    /// Whether an id can go into a header and a log line as it is.
    static func isSound(_ id: String) -> Bool {
        // What looks like a key or a token would carry it into the log.
        guard (1...128).contains(id.utf8.count), !RequestLog.looksSecret(id) else { return false }
        return id.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
            default: false
            }
        }
    }
}

private final class RequestCounter: Sendable {
    private let value = Atomic<UInt64>(0)

    func next() -> UInt64 { value.add(1, ordering: .relaxed).newValue }
}
