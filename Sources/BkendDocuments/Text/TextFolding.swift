import Foundation

/// The one case folding of `search` and `$contains`: full upper-case mapping, then lower-case, in normal form C, the
/// same in every locale. So "STRASSE" finds "Straße", and a decomposed "é" finds a composed one.
package enum TextFolding {
    /// Counts the changes of what a text folds to, Unicode's own tables included. A search index made under another one
    /// is of no use.
    static let version: Int64 = 1

    /// The folded text.
    package static func fold(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { fold($0) }
    }

    /// The folded text of UTF-8 bytes.
    static func fold(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var folded: [UInt8] = []
        fold(bytes, into: &folded)
        return folded
    }

    /// Replaces `folded` by the folded text of UTF-8 bytes.
    static func fold(_ bytes: UnsafeBufferPointer<UInt8>, into folded: inout [UInt8]) {
        folded.removeAll(keepingCapacity: true)
        // Plain loops over bytes, which the compiler turns into vector instructions.
        var union: UInt8 = 0
        for byte in bytes { union |= byte }
        guard union < 0x80 else {
            let text = String(decoding: bytes, as: UTF8.self)
            let mapped = text.precomposedStringWithCanonicalMapping.uppercased().lowercased()
            folded.append(contentsOf: mapped.precomposedStringWithCanonicalMapping.utf8)
            return
        }
        folded.append(contentsOf: bytes)
        folded.withUnsafeMutableBufferPointer { folded in
            for index in folded.indices {
                let byte = folded[index]
                folded[index] = byte &- 0x41 < 26 ? byte | 0x20 : byte
            }
        }
    }
}
