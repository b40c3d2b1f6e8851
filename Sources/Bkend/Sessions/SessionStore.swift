/// Stores the user's session for a client: in memory, in a file, or in a place of your own such as a keychain.
///
/// The store is the single source of truth. The client reads it at every call, so that it sees changes by other clients
/// and processes at once. `load` should therefore be fast.
public protocol SessionStore: Sendable {
    /// The session, or nil if nobody is signed in.
    func load() async throws -> Session?

    /// Replaces the stored session; nil removes it. When the method returns, the change survives a crash, if the store
    /// survives one at all. A reader finds either the old session or the new one, never a part of one.
    func save(_ session: Session?) async throws

    /// Runs `body` exclusively: no other call of `exclusively` on the same store runs at the same time, in this process
    /// or another. Two simultaneous refreshes would look like theft to the server, which would then end every session
    /// of the user.
    func exclusively<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result

    /// Sets an unreadable session aside before a new session replaces it. Called within `exclusively`. A store may keep
    /// it for inspection. The default implementation keeps nothing.
    func setAside() async throws
}

extension SessionStore {
    /// Does nothing: the new session replaces the stored one.
    public func setAside() async throws {}
}
