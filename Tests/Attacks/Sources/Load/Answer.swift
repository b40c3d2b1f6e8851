import Foundation

/// An answer, as far as it was kept.
package struct Answer: Sendable {
    package let status: Int
    /// The length of the body.
    package let bytes: Int
    /// The body's beginning.
    package let body: [UInt8]

    /// The text of a string member, found without reading the JSON: the server writes it compact.
    package func member(_ name: String) -> String? {
        let text = String(decoding: body, as: UTF8.self)
        guard let start = text.range(of: "\"\(name)\":\"")?.upperBound else { return nil }
        return String(text[start...].prefix { $0 != "\"" })
    }

    /// Status and length, as they stand before the body.
    struct Head {
        let status: Int
        let length: Int

        /// Takes a head off the beginning of what was received; nil while it isn't whole.
        init?(taking buffer: inout [UInt8]) throws {
            let end: [UInt8] = [13, 10, 13, 10]
            guard buffer.count >= 4,
                let mark = (0...(buffer.count - 4)).first(where: { buffer[$0..<($0 + 4)].elementsEqual(end) })
            else { return nil }
            let lines = String(decoding: buffer[..<mark], as: UTF8.self).components(separatedBy: "\r\n")
            let words = lines[0].split(separator: " ")
            guard words.count > 1, let status = Int(words[1]) else {
                throw Connection.Failure(call: "no HTTP: \(lines[0].prefix(40))")
            }
            buffer.removeFirst(mark + 4)
            self.status = status
            let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
            length = field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        }
    }
}
