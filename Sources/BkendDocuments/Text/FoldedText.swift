import Foundation

/// A folded text to look for in many others.
struct FoldedText {
    let bytes: [UInt8]
    /// The position of the byte that is least likely to be met by chance.
    private let rarest: Int

    init(_ text: String) {
        let bytes = TextFolding.fold(text)
        self.bytes = bytes
        rarest = bytes.indices.min { Self.frequencies[Int(bytes[$0])] < Self.frequencies[Int(bytes[$1])] } ?? 0
    }

    /// Whether a folded text holds this one.
    func isPart(of text: [UInt8]) -> Bool {
        if bytes.isEmpty { return true }
        guard text.count >= bytes.count else { return false }
        return text.withUnsafeBufferPointer { text in
            bytes.withUnsafeBufferPointer { bytes in
                guard let start = text.baseAddress, let wanted = bytes.baseAddress else { return false }
                // memchr looks at many bytes at once; of a common letter it would stop at every other.
                let last = text.count - bytes.count + rarest
                var offset = rarest
                while offset <= last, let hit = memchr(start + offset, Int32(bytes[rarest]), last - offset + 1) {
                    offset = UnsafeRawPointer(start).distance(to: hit)
                    if memcmp(start + offset - rarest, wanted, bytes.count) == 0 { return true }
                    offset += 1
                }
                return false
            }
        }
    }

    /// How often each byte is met in folded text, roughly.
    private static let frequencies: [UInt8] = {
        // The bytes of other scripts' letters begin alike.
        var frequencies = (0...255).map { byte in byte < 0x80 ? UInt8(60) : byte < 0xC0 ? 150 : 240 }
        for digit in 0x30...0x39 { frequencies[digit] = 120 }
        for (rank, letter) in " etaoinsrhldcumfpgwybvkxjqz".utf8.enumerated() {
            frequencies[Int(letter)] = 250 - UInt8(rank) * 6
        }
        return frequencies
    }()
}
