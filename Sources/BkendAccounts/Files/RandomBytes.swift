/// Where ids, salts, keys and tokens come from: the system's generator, unless a test gives its own.
package struct RandomBytes: Sendable {
    private let generate: @Sendable (Int) -> [UInt8]

    /// A source of that many bytes at a time.
    package init(_ generate: @escaping @Sendable (Int) -> [UInt8]) { self.generate = generate }

    /// The system's cryptographic generator.
    package static let system = RandomBytes { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// That many bytes.
    func callAsFunction(_ count: Int) -> [UInt8] { generate(count) }

    /// A random UUID (RFC 9562 version 4) in lower case.
    func uuid() -> String { UUIDText.text(generate(16)) }
}

/// The text of a UUID, made without Foundation's upper case.
enum UUIDText {
    /// 16 bytes as a version 4 UUID; six bits become version and variant.
    static func text(_ random: some Sequence<UInt8>) -> String {
        var bytes = Array(random.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { out.append(0x2D) }
            out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The 16 bytes of a UUID in lower case, nil for another text.
    static func bytes(_ text: String) -> [UInt8]? {
        let letters = Array(text.utf8)
        guard letters.count == 36 else { return nil }
        var nibbles: [UInt8] = []
        for (index, letter) in letters.enumerated() {
            switch (index, letter) {
            case (8, 0x2D), (13, 0x2D), (18, 0x2D), (23, 0x2D): continue
            case (_, 0x30...0x39): nibbles.append(letter - 0x30)
            case (_, 0x61...0x66): nibbles.append(letter - 0x57)
            default: return nil
            }
        }
        guard nibbles.count == 32 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    }
}
