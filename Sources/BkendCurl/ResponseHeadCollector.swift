/// Gathers the lines of an answer's head as libcurl hands them over, leaves interim answers (RFC 9110 §15.2) and
/// trailers out, and stops a server that never comes to an end.
struct ResponseHeadCollector {
    /// The most bytes that all heads of one answer may have, interim ones and trailers included.
    static let maximumBytes = 64 << 10
    /// The most lines.
    static let maximumLines = 512

    enum Action: Equatable {
        case more
        case complete([UInt8])
        case refuse(String)
    }

    private var lines: [UInt8] = []
    private var byteCount = 0
    private var lineCount = 0
    private var isComplete = false

    mutating func line(_ line: UnsafeRawBufferPointer) -> Action {
        byteCount += line.count
        lineCount += 1
        guard byteCount <= Self.maximumBytes else {
            return .refuse("the response head is longer than \(Self.maximumBytes) bytes")
        }
        guard lineCount <= Self.maximumLines else {
            return .refuse("the response head has more than \(Self.maximumLines) lines")
        }
        if isComplete { return .more }
        if lines.isEmpty { lines.reserveCapacity(512) }
        guard line.count > 2 || !line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else { return endOfBlock() }
        lines.append(contentsOf: line)
        return .more
    }

    private mutating func endOfBlock() -> Action {
        if isInterim {
            lines.removeAll(keepingCapacity: true)
            return .more
        }
        isComplete = true
        defer { lines = [] }
        return .complete(lines)
    }

    /// 100 to 199 announce that the real answer follows. 101 can't occur: nobody asks to change protocols.
    private var isInterim: Bool {
        guard let space = lines.firstIndex(of: UInt8(ascii: " ")), space + 1 < lines.count else { return false }
        return lines[space + 1] == UInt8(ascii: "1")
    }
}
