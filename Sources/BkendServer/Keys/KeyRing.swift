import BkendWire
import Synchronization

/// The keys of a folder, held in memory and read again as soon as anyone has changed the folder: a revoked key is
/// refused from the next request on, in every process.
final class KeyRing: Sendable {
    private struct Keys: Sendable {
        var known: [KeyDigest: ResolvedKey] = [:]
        /// The same by their marks.
        var marked: [String: [ResolvedKey]] = [:]
    }
    private struct State {
        var keys = Keys()
        var stamp: Int64?
    }
    private let state = Mutex(State())
    private let database: any ControlDatabase

    init(_ control: ControlStore) { database = control.database }

    /// The key of that text, alive at that moment.
    ///
    /// - Throws: `ErrorBody` with `auth/invalid-api-key`, the same for malformed, unknown, revoked and expired ones.
    func key(_ text: some StringProtocol, now: Timestamp) async throws -> ResolvedKey {
        guard let key = APIKey(text) else {
            throw Self.refused("has not the form of a key: pk_ or sk_ and 64 hex digits")
        }
        let digest = key.digest
        guard let known = try await find(digest), known.isAlive(at: now) else {
            throw Self.refused("is unknown, revoked or expired")
        }
        return known
    }

    /// The key of that mark, alive at that moment; nil where there is none.
    func key(marked mark: String, now: Timestamp) async throws -> ResolvedKey? {
        try await current().marked[mark]?.first { $0.isAlive(at: now) }
    }

    private func find(_ digest: KeyDigest) async throws -> ResolvedKey? { try await current().known[digest] }

    private func current() async throws -> Keys {
        // The stamp is taken before the keys are read: a change in between only makes the next request read again.
        let now = await database.changeStamp()
        if let cached = state.withLock({ $0.stamp == now && now != nil ? $0.keys : nil }) { return cached }
        let known = try await database.read(ResolvedKey.all)
        let keys = Keys(known: known, marked: Dictionary(grouping: known.values, by: \.digest.mark))
        state.withLock { $0 = State(keys: keys, stamp: now) }
        return keys
    }

    private static func refused(_ why: String) -> ErrorBody { ErrorBody(.invalidAPIKey, "the API key \(why)") }
}
