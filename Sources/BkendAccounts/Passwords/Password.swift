import Foundation

/// A password as it was typed, in the form in which it is hashed: UTF-8 of Unicode's form C, so that an "é" is the same
/// from every keyboard (RFC 8265 §4.2). It never shows in a log or error.
struct Password: Sendable, CustomStringConvertible {
    let bytes: [UInt8]
    /// Its letters as a person counts them.
    let length: Int

    init(_ text: String) {
        let normalised = text.precomposedStringWithCanonicalMapping
        bytes = Array(normalised.utf8)
        length = normalised.count
    }

    var description: String { "(a password)" }
}
