/// A name out of a set that the server may extend.
package protocol OpenName: RawRepresentable<String>, CustomStringConvertible, ExpressibleByStringLiteral {
    init(rawValue: String)
}

extension OpenName {
    /// The name.
    public var description: String { rawValue }

    /// The name that stands in the source.
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}
