import BkendAccounts
import NIOCore
import Synchronization

/// One connection, as it is known outside of its event loop.
final class Connection: Sendable {
    /// The connection that the running request came by.
    @TaskLocal static var current: Connection?

    /// Tells those who work for the client that it has gone. Hummingbird cancels nothing then: what was asked for would be
    /// worked out to its end, for nobody.
    let departure = Departure()

    private let channel: any Channel
    private let register: ConnectionRegister
    private let state = Mutex(State())
    /// When a newcomer may take its place, in the event loop's nanoseconds; `UInt64.max` while it may not.
    private let yields = Atomic<UInt64>(.max)

    private struct State {
        /// What it counts for in the register, nil when it isn't there.
        var admission: ConnectionRegister.Admission?
        /// The client whose request is in flight, where clients are counted by requests.
        var client: ClientAddress?
    }

    init(_ channel: any Channel, in register: ConnectionRegister) {
        self.channel = channel
        self.register = register
    }

    /// The other end's IP address.
    var peer: ClientAddress? { ClientAddress(channel.remoteAddress) }

    /// Enters the register.
    func enter() -> ConnectionRegister.Admission {
        let admission = register.admit(self, from: ClientAddress(channel.remoteAddress))
        state.withLock { $0.admission = admission }
        return admission
    }

    /// Leaves the register.
    func leave() {
        departure.happen()
        // Both at once: a request that begins in between would be ended by nobody.
        let last = state.withLock { state in
            defer { state = State() }
            return state
        }
        if let client = last.client { register.endRequest(of: client) }
        if let admission = last.admission { register.remove(self, admission) }
    }

    /// Counts a request of a client behind a trusted proxy; false when that client has too many in flight. It counts
    /// until its answer was taken. A client without a proxy is bounded by its connections.
    func beginRequest(of client: ClientAddress?) -> Bool {
        guard let client = client?.network, state.withLock({ $0.admission?.isFromProxy ?? false }) else { return true }
        guard register.beginRequest(of: client) else { return false }
        let earlier = state.withLock { state in
            // The connection may have ended since: nobody would end the request then.
            guard state.admission != nil else { return ClientAddress?.some(client) }
            defer { state.client = client }
            return state.client
        }
        if let earlier { register.endRequest(of: earlier) }
        return true
    }

    /// The answer was taken.
    func endRequest() {
        let client = state.withLock { state in
            defer { state.client = nil }
            return state.client
        }
        if let client { register.endRequest(of: client) }
    }

    /// Counts as a stream from now on, and no longer among the connections. A stream is the last answer of its connection.
    ///
    /// - Parameter client: whose it is.
    /// - Returns: nil when it does, or why it may not.
    func beginStream(of client: ClientAddress?) -> StreamRefusal? {
        guard let admission = state.withLock({ $0.admission }) else { return .total }
        let refusal = register.beginStream(self, admission, of: client?.network)
        if refusal == nil { endRequest() }
        return refusal
    }

    /// Says when a newcomer may take its place, nil for not.
    func yields(at time: NIODeadline?) { yields.store(time?.uptimeNanoseconds ?? .max, ordering: .relaxed) }

    /// When a newcomer may take its place, nil while it may not.
    var yieldsAt: NIODeadline? {
        let time = yields.load(ordering: .relaxed)
        return time == .max ? nil : .uptimeNanoseconds(time)
    }

    /// Closes it for a newcomer.
    func displace() {
        yields(at: nil)
        channel.pipeline.fireUserInboundEventTriggered(Displaced())
    }

    /// Closes it, whatever waits for its client.
    func drop() { channel.pipeline.fireUserInboundEventTriggered(Dropped()) }

    /// It can't make room after all.
    func stay() {
        let isIn = state.withLock { if case .taken? = $0.admission?.answer { true } else { false } }
        if isIn { register.restore(self) }
    }

    /// The event that tells a connection to make room.
    struct Displaced: Sendable {}

    /// The event that ends a connection whose client takes its answer too slowly for what it holds.
    struct Dropped: Sendable {}
}

/// Runs what nobody waits for any longer, and what must be done all the same.
package func withoutConnection<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    try await Connection.$current.withValue(nil, operation: body)
}
