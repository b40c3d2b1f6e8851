#if Server
import Foundation
import Synchronization

/// The tokens whose signature was found good, by their digest: an app sends one token with thousands of requests. Only
/// the signature is remembered. Time, environment and session are checked at each use.
final class VerifiedTokens: Sendable {
    private struct State {
        var stamp: SigningKeyFile.Stamp?
        var claims: [Data: (keyID: String, claims: AccessClaims)] = [:]
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// A token's claims, as long as the keys are those it was verified by.
    func claims(of digest: Data, stamp: SigningKeyFile.Stamp?) -> (keyID: String, claims: AccessClaims)? {
        state.withLock { $0.stamp == stamp ? $0.claims[digest] : nil }
    }

    func insert(_ claims: AccessClaims, keyID: String, digest: Data, stamp: SigningKeyFile.Stamp?) {
        state.withLock { state in
            // A full cache starts anew: tokens live an hour, and what is in use is back after one check.
            if state.stamp != stamp || state.claims.count >= capacity { state = State(stamp: stamp) }
            state.claims[digest] = (keyID, claims)
        }
    }
}
#endif
