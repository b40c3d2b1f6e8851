import BkendWire
import Foundation
import Synchronization

/// The tokens whose signature was found good, by their digest: an app sends one token with thousands of requests. Only
/// the signature is remembered. Time, environment and session are checked at each use.
final class VerifiedTokens: Sendable {
    /// A token's claims, and until when the key that signed it verifies.
    struct Entry: Sendable {
        let claims: AccessClaims
        let keyVerifiesUntil: Timestamp?
    }

    private struct State {
        var stamp: SigningKeyStamp?
        var entries: [Data: Entry] = [:]
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// What is known of a token, as long as the keys are those that it was verified by.
    func claims(of digest: Data, stamp: SigningKeyStamp?, now: Timestamp) -> AccessClaims? {
        // Keys that can't be told from others may be others.
        guard let stamp else { return nil }
        let entry = state.withLock { $0.stamp == stamp ? $0.entries[digest] : nil }
        guard let entry, entry.keyVerifiesUntil.map({ now < $0 }) ?? true else { return nil }
        return entry.claims
    }

    /// Remembers a token.
    func insert(_ entry: Entry, digest: Data, stamp: SigningKeyStamp?) {
        state.withLock { state in
            // A full cache starts anew: tokens live an hour, and what is in use is back after one check.
            if state.stamp != stamp || state.entries.count >= capacity { state = State(stamp: stamp) }
            state.entries[digest] = entry
        }
    }
}
