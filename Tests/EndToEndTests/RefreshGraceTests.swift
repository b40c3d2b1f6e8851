import Bkend
import BkendCurl
import BkendServer
import BkendTesting
import BkendTransport
import BkendWire
import Foundation
import Synchronization
import Testing

/// A lost answer to a refresh, the real server, real sockets.
@Suite struct RefreshGraceTests {
    @Test(
        "The answer is lost once: with the grace announced the session goes on, else it ends", arguments: [true, false])
    func lostAnswer(isAnnounced: Bool) async throws {
        let clock = Mutex(Timestamp.systemNow)
        let server = try await TestServer.start(tables: Fixture.tables) {
            $0.now = { clock.withLock { $0 } }
            $0.announcesRefreshGrace = isAnnounced
            // Half of it must be enough for a process in which a hundred other tests run.
            $0.refreshGraceSeconds = 60
        }
        let transport = LosingTransport(try CurlTransport())
        let client = try BkendClient(
            url: server.url, key: server.publishableKey, options: .silent, transport: transport)
        let account = try await client.accounts.signUp(email: "ada@example.com", password: "correct horse 1")
        let laptop = try BkendClient(url: server.url, key: server.publishableKey, options: .silent)
        try await laptop.accounts.signIn(email: "ada@example.com", password: "correct horse 1")

        clock.withLock { $0 = Timestamp(clamping: $0.milliseconds + 3_601_000) }
        transport.loses.withLock { $0 = true }
        if isAnnounced {
            #expect(try await client.accounts.me().id == account.id)
            #expect(transport.refreshes.withLock { $0 } == 2)
            // The pair that was repeated is a living one: it is refreshed as any other.
            clock.withLock { $0 = Timestamp(clamping: $0.milliseconds + 3_601_000) }
            #expect(try await client.accounts.me().id == account.id)
            #expect(transport.refreshes.withLock { $0 } == 3)
        } else {
            let error = await #expect(throws: BkendError.self) { try await client.accounts.me() }
            guard case .sessionEnded = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(transport.refreshes.withLock { $0 } == 1)
        }
        // No other session of the user has ended.
        #expect(try await laptop.accounts.me().id == account.id)
        for client in [client, laptop] { await client.shutdown() }
        await transport.shutdown()
        try await server.stop()
    }
}

/// A transport that hands the first answer to a refresh to nobody, when it was told to.
private final class LosingTransport: HTTPTransport {
    let loses = Mutex(false)
    let refreshes = Mutex(0)
    private let base: CurlTransport

    init(_ base: CurlTransport) { self.base = base }

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        guard request.head.path == "/v1/auth/refresh" else { return try await base.send(request) }
        refreshes.withLock { $0 += 1 }
        let response = try await base.send(request)
        let isLost = loses.withLock { loses in
            defer { loses = false }
            return loses
        }
        guard isLost else { return response }
        _ = try await response.body.collect(upTo: 1 << 20)
        throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "lost by the test")
    }

    func shutdown() async { await base.shutdown() }
}
