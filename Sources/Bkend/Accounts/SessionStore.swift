/// Stores the user's session for a client: in memory, in a file, or in a place of your own such as a keychain.
///
/// The store is the single source of truth. The client reads it at every call, so that it sees changes by other clients
/// and processes at once. `load` should therefore be fast.
public protocol SessionStore: Sendable {
    /// The session, nil when nobody is signed in.
    func load() async throws -> Session?

    /// Puts a session in the place of the one that is there; nil removes it. When this returns, the change outlives a
    /// crash, as far as the store outlives one at all; a reader finds the old session or the new one, never a part.
    func save(_ session: Session?) async throws

    /// Runs `body` while no other user of the store, in this process or another, is within `exclusively`. Two refreshes
    /// at once would look like a theft to the server, which then ends every session of the user.
    func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result

    /// Takes what can't be read any more out of the way, before a new session takes its place; called within
    /// `exclusively`. A store may keep it for somebody to look at. Unless a store says otherwise, nothing is kept.
    func setAside() async throws
}

extension SessionStore {
    /// Does nothing: the new session replaces the stored one.
    public func setAside() async throws {}
}
