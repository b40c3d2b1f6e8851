import BkendWire
import NIOCore
import Synchronization

/// The open connections of one port: how many there are, and whose.
///
/// At the limit a newcomer takes the place of the connection that has kept the server waiting longest: one without a
/// request, or one whose client neither sends nor takes what is due. Where every connection is at work, and where one
/// address has too many, a newcomer is answered `GET /health` and refused everything else, at once.
final class ConnectionRegister: Sendable {
    /// Whether a connection is taken, and what it counts for.
    struct Admission: Sendable {
        enum Answer: Sendable {
            case taken
            /// It may be told so.
            case refused(ConnectionRefusal)
            /// It is closed.
            case dropped
        }
        let answer: Answer
        /// Whose connections are counted; nil for a trusted proxy's, and where there is no address.
        fileprivate let address: ClientAddress?
        let isFromProxy: Bool
    }

    private struct Counts {
        var connections = 0
        var refusals = 0
    }
    private struct State {
        var open: [ObjectIdentifier: Connection] = [:]
        var refusals = 0
        var addresses: [ClientAddress: Counts] = [:]
        var requests: [ClientAddress: Int] = [:]
        /// Those that have become streams, and whose they are.
        var streams: [ObjectIdentifier: ClientAddress?] = [:]
        var streamsOfAddress: [ClientAddress: Int] = [:]
    }
    private let limit: Int
    private let perAddress: Int
    private let streams: Int
    private let proxies: TrustedProxies
    private let metrics: ServerMetrics
    private let state = Mutex(State())

    /// - Parameter streams: how many connections may be streams, besides of the limit of the others.
    init(limit: Int, perAddress: Int, streams: Int = 0, proxies: TrustedProxies, metrics: ServerMetrics) {
        self.limit = limit
        self.streams = streams
        self.perAddress = perAddress
        self.proxies = proxies
        self.metrics = metrics
    }

    /// Decides about a newcomer and counts it.
    func admit(_ connection: Connection, from peer: ClientAddress?) -> Admission {
        let isFromProxy = peer.map(proxies.trusts) ?? false
        let address = isFromProxy ? nil : peer?.network
        let (answer, displaced) = state.withLock { state in
            Self.decide(&state, address, limit: limit, perAddress: perAddress, now: .now(), connection)
        }
        displaced?.displace()
        switch answer {
        case .taken: metrics.connected()
        case .refused(let refusal): metrics.refusedConnection(refusal.reason)
        case .dropped: metrics.refusedConnection(nil)
        }
        return Admission(answer: answer, address: address, isFromProxy: isFromProxy)
    }

    private static func decide(
        _ state: inout State, _ address: ClientAddress?, limit: Int, perAddress: Int, now: NIODeadline,
        _ connection: Connection
    ) -> (Admission.Answer, displaced: Connection?) {
        let counts = address.map { state.addresses[$0] ?? Counts() } ?? Counts()
        var (refusal, displaced): (ConnectionRefusal?, Connection?)
        if counts.connections >= perAddress {
            refusal = .address(perAddress)
        } else if state.open.count >= limit {
            displaced = longestWaiting(state.open.values, now: now)
            if let displaced { state.open[ObjectIdentifier(displaced)] = nil } else { refusal = .total }
        }
        guard let refusal else {
            state.open[ObjectIdentifier(connection)] = connection
            if let address { state.addresses[address, default: Counts()].connections += 1 }
            return (.taken, displaced)
        }
        guard state.refusals < ConnectionBounds.refusals, counts.refusals < ConnectionBounds.refusalsPerAddress else {
            return (.dropped, nil)
        }
        state.refusals += 1
        if let address { state.addresses[address, default: Counts()].refusals += 1 }
        return (.refused(refusal), nil)
    }

    private static func longestWaiting(
        _ connections: some Sequence<Connection>, now: NIODeadline
    ) -> Connection? {
        var found: (connection: Connection, since: NIODeadline)?
        for connection in connections {
            guard let since = connection.yieldsAt, since <= now, found.map({ since < $0.since }) ?? true else {
                continue
            }
            found = (connection, since)
        }
        return found?.connection
    }

    /// Forgets a connection that is closed.
    func remove(_ connection: Connection, _ admission: Admission) {
        state.withLock { state in
            var counts = admission.address.map { state.addresses[$0] ?? Counts() } ?? Counts()
            switch admission.answer {
            case .taken:
                if Self.endStream(of: connection, &state) { return }
                state.open[ObjectIdentifier(connection)] = nil
                counts.connections -= 1
            case .refused:
                state.refusals -= 1
                counts.refusals -= 1
            case .dropped: return
            }
            guard let address = admission.address else { return }
            state.addresses[address] = counts.connections + counts.refusals > 0 ? counts : nil
        }
        if case .taken = admission.answer { metrics.disconnected() }
    }

    /// Takes a connection back that was to make room and can't. Another one makes room then, if one can.
    func restore(_ connection: Connection) {
        let other = state.withLock { state -> Connection? in
            if state.streams[ObjectIdentifier(connection)] != nil { return nil }
            state.open[ObjectIdentifier(connection)] = connection
            guard state.open.count > limit, let other = Self.longestWaiting(state.open.values, now: .now()) else {
                return nil
            }
            state.open[ObjectIdentifier(other)] = nil
            return other
        }
        other?.displace()
    }

    /// Counts a connection as a stream; nil when it does, or why it may not.
    ///
    /// - Parameter admission: what it counts for until now.
    func beginStream(
        _ connection: Connection, _ admission: Admission, of client: ClientAddress?
    ) -> StreamRefusal? {
        state.withLock { state in
            // One that has ended, or is to make room, would be forgotten by nobody.
            guard state.open[ObjectIdentifier(connection)] != nil else { return .total }
            guard state.streams.count < streams else { return .total }
            if let client {
                guard state.streamsOfAddress[client, default: 0] < perAddress else { return .address(perAddress) }
                state.streamsOfAddress[client, default: 0] += 1
            }
            state.open[ObjectIdentifier(connection)] = nil
            state.streams[ObjectIdentifier(connection)] = .some(client)
            guard let address = admission.address, var counts = state.addresses[address] else { return nil }
            counts.connections -= 1
            state.addresses[address] = counts.connections + counts.refusals > 0 ? counts : nil
            return nil
        }
    }

    /// Forgets a stream; false where the connection is none.
    private static func endStream(of connection: Connection, _ state: inout State) -> Bool {
        guard let client = state.streams.removeValue(forKey: ObjectIdentifier(connection)) else { return false }
        guard let client else { return true }
        let left = (state.streamsOfAddress[client] ?? 0) - 1
        state.streamsOfAddress[client] = left > 0 ? left : nil
        return true
    }

    /// Counts a request in flight of a client behind a proxy; false at the limit.
    func beginRequest(of client: ClientAddress) -> Bool {
        state.withLock { state in
            guard state.requests[client, default: 0] < perAddress else { return false }
            state.requests[client, default: 0] += 1
            return true
        }
    }

    /// It is no longer in flight.
    func endRequest(of client: ClientAddress) {
        state.withLock { state in
            let left = (state.requests[client] ?? 0) - 1
            state.requests[client] = left > 0 ? left : nil
        }
    }
}
