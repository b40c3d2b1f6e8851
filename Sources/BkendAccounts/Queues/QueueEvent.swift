/// What happens in a line, for whoever counts it.
package enum QueueEvent: Hashable, Sendable {
    /// Somebody has a place after so long; at once, without having waited, when nil.
    case admitted(after: Duration?)
    /// Somebody waits.
    case waits
    /// Somebody who waited left, or the client did.
    case abandoned
    /// Somebody may not wait, or no longer.
    case refused(FairQueue.Refusal, hasWaited: Bool)
}
