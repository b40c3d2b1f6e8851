extension String {
    /// Whether both strings are the same code points. Swift's `==` also calls a composed and a decomposed "é" equal,
    /// which JSON and MongoDB don't.
    package func hasSameBytes(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let fast: Bool?? = utf8.withContiguousStorageIfAvailable { a in
            other.utf8.withContiguousStorageIfAvailable { b in a.elementsEqual(b) }
        }
        return (fast ?? nil) ?? utf8.elementsEqual(other.utf8)
    }

    /// Feeds the hasher with the bytes, so that `hasSameBytes` implies an equal hash.
    package func hashBytes(into hasher: inout Hasher) {
        let hashed: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if hashed == nil { for byte in utf8 { hasher.combine(byte) } }
        hasher.combine(UInt8(0xFF))
    }

    /// Whether this string sorts before the other by code point, MongoDB's order without a collation.
    package func precedesInBytes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

/// A string as a dictionary key that is compared by its code points.
package struct ExactString: Hashable, Sendable {
    /// The string.
    package let string: String

    /// Wraps a string.
    package init(_ string: String) { self.string = string }

    package static func == (a: ExactString, b: ExactString) -> Bool { a.string.hasSameBytes(as: b.string) }

    package func hash(into hasher: inout Hasher) { string.hashBytes(into: &hasher) }
}

/// A value that is compared by another one, since `==` of its own texts would take a composed and a decomposed "é" for
/// one character.
package protocol ComparedExactly: Hashable {
    associatedtype Exact: Hashable
    /// What is compared and hashed.
    var exact: Exact { get }
}

extension ComparedExactly {
    /// Whether both are the same, by code point.
    public static func == (a: Self, b: Self) -> Bool { a.exact == b.exact }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) { hasher.combine(exact) }
}
