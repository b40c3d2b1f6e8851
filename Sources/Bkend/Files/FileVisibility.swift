import BkendWire

/// Who may read a file: an open set (rest-api.md §9).
public struct FileVisibility: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral
{
    /// The visibility as the server names it.
    public var rawValue: String

    /// A visibility by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Its owner, and administrators.
    public static let `private`: FileVisibility = "private"
    /// Every signed-in user.
    public static let protected: FileVisibility = "protected"
    /// Its owner, and the users in `sharedWith`.
    public static let shared: FileVisibility = "shared"
    /// Everyone, without a key, at the file's address.
    public static let `public`: FileVisibility = "public"
}

extension FileVisibility: OpenName {}
