import Foundation
import Load
import Synchronization

/// Clients that do what apps do, at an app's pace: lists, single records, writes; and, apart from them, sign-ins.
final class HonestClients: Sendable {
    private let target: Target
    private let crowd = Crowd()
    private let requests = Mutex(Latencies())
    private let signIns = Mutex(Latencies())

    private init(_ target: Target) { self.target = target }

    /// Starts four of them, and one that signs in every second.
    static func start(at target: Target, signIns: Bool) -> HonestClients {
        let clients = HonestClients(target)
        clients.crowd.start(4, isHostile: false) { number in clients.use(number) }
        if signIns { clients.crowd.start(1, isHostile: false) { _ in clients.signIn() } }
        return clients
    }

    /// What was measured since the last call.
    func take() -> (requests: Latencies, signIns: Latencies) {
        func taken(_ latencies: borrowing Mutex<Latencies>) -> Latencies {
            latencies.withLock { latencies in
                defer { latencies = Latencies() }
                return latencies
            }
        }
        return (taken(requests), taken(signIns))
    }

    func stop() { crowd.stop() }

    /// One connection's life: some rounds of requests with pauses between them.
    private func use(_ number: Int) {
        do {
            let connection = try Connection(port: target.port, from: 1, patience: 30)
            for round in 0..<50 where !crowd.isDone {
                let key = target.keys.publishableKey
                let name = "\(number)-\(round)"
                guard
                    let made = try time(
                        connection,
                        Request("POST", "/v1/data/things", key: key, json: #"{"name":"\#(name)","n":\#(round)}"#), 201),
                    let id = made.member("id")
                else { return }
                _ = try time(connection, Request("GET", "/v1/data/things/\(id)", key: key), 200)
                _ = try time(connection, Request("GET", "/v1/data/things?limit=20&sortBy=n", key: key), 200)
                _ = try time(
                    connection, Request("PATCH", "/v1/data/things/\(id)", key: key, json: #"{"n":1}"#), 200)
                _ = try time(connection, Request("DELETE", "/v1/data/things/\(id)", key: key), 200)
                usleep(10_000)
            }
        } catch {
            requests.withLock { $0.fail("\(error)") }
            usleep(100_000)
        }
    }

    private func time(_ connection: Connection, _ request: Request, _ expected: Int) throws -> Answer? {
        let begun = ContinuousClock.now
        try connection.send(request.bytes)
        guard let answer = try connection.answer() else {
            requests.withLock { $0.fail("closed instead of \(request.method)") }
            return nil
        }
        requests.withLock { latencies in
            latencies.add(begun.duration(to: .now))
            if answer.status != expected { latencies.fail("\(request.method) answered \(answer.status)") }
        }
        return answer
    }

    private func signIn() {
        let begun = ContinuousClock.now
        do {
            let connection = try Connection(port: target.port, from: 1, patience: 60)
            let json = #"{"email":"honest@example.com","password":"correct horse"}"#
            try connection.send(
                Request("POST", "/v1/auth/email/signin", key: target.keys.publishableKey, json: json).bytes)
            let answer = try connection.answer()
            signIns.withLock { latencies in
                latencies.add(begun.duration(to: .now))
                if answer?.status != 200 { latencies.fail("sign-in answered \(answer?.status ?? 0)") }
            }
        } catch {
            signIns.withLock { $0.fail("\(error)") }
        }
        usleep(500_000)
    }

    /// Makes the account that signs in.
    static func signUp(at target: Target) throws {
        let connection = try Connection(port: target.port)
        let json = #"{"email":"honest@example.com","password":"correct horse","name":"Honest"}"#
        try connection.send(Request("POST", "/v1/auth/email/signup", key: target.keys.publishableKey, json: json).bytes)
        guard let answer = try connection.answer(), [201, 409].contains(answer.status) else {
            throw Connection.Failure(call: "sign-up")
        }
    }
}
