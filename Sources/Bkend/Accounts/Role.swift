import BkendWire

/// A user's role: an open set, since projects have their own (rest-api.md §8a).
public struct Role: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The role as the server names it.
    public var rawValue: String

    /// A role by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Has every permission.
    public static let admin: Role = "admin"
    /// The role of a user after signing up.
    public static let user: Role = "user"
    /// A user with a guest's name.
    public static let guest: Role = "guest"

    /// Whether both names are the same, byte for byte.
    public static func == (a: Role, b: Role) -> Bool { a.rawValue.hasSameBytes(as: b.rawValue) }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { rawValue.hashBytes(into: &hasher) }
}

extension Role: OpenName {}
