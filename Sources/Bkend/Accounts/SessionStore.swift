/// Where a client keeps the user's session: in memory, in a file, or in a place of your own, a keychain for example.
///
/// The store is the one truth: the client asks it at every call, and so sees at once what another client or process with
/// the same store has done. `load` should therefore be quick.
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
    /// Keeps nothing: the new session replaces what is there.
    public func setAside() async throws {}
}
