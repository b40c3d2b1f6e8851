import Bkend
import Logging
import Synchronization
import Testing

@Suite("Setting a client up")
struct ClientSetupTests {
    private func refusal(url: String, key: String = testKey) -> String? {
        do throws(BkendError) {
            _ = try BkendClient(url: url, key: key, options: quietOptions(), transport: ScriptedTransport(.json("{}")))
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        "a bad URL is refused with its flaw",
        arguments: [
            ("", "must begin with https://"), ("example.com", "must begin with https://"),
            ("ftp://example.com", "must begin with https://"), ("https://", "has no host"),
            ("https:///v1", "has no host"), ("https://user:secret@example.com", "contains credentials"),
            ("https://example.com?key=secret", "contains a query"), ("https://example.com#x", "contains a query"),
            ("https://example.com:99999", "port"), ("http://example.com", "isn't encrypted"),
            ("http://localhost.evil.com", "isn't encrypted"), ("https://example.com/a/../b", ". or .. segment"),
            ("https://exa mple.com", ""), ("https://example.com\r\nX: y", ""),
        ])
    func badURL(url: String, flaw: String) throws {
        let text = try #require(refusal(url: url))
        #expect(flaw.isEmpty || text.contains(flaw))
        #expect(!text.contains("secret"))
    }

    @Test(
        "a path before /v1 is kept, and /v1 is not doubled",
        arguments: [
            ("https://example.com", "https://example.com/v1/data/a"),
            ("https://example.com/", "https://example.com/v1/data/a"),
            ("https://example.com/v1/", "https://example.com/v1/data/a"),
            ("HTTPS://example.com:8443/bk", "https://example.com:8443/bk/v1/data/a"),
            ("http://[::1]:8420", "http://[::1]:8420/v1/data/a"),
        ])
    func goodURL(url: String, request: String) async throws {
        let transport = ScriptedTransport(.json(pageText([])))
        let client = try BkendClient(url: url, key: testKey, options: quietOptions(), transport: transport)
        _ = try await client.table("a").page()
        #expect(transport.sent.map(\.url) == [request])
    }

    @Test("plain http off this machine needs to be asked for")
    func plainHTTP() throws {
        var options = quietOptions()
        options.plainHTTP = .everywhere
        _ = try BkendClient(url: "http://example.com", key: testKey, options: options)
    }

    @Test(
        "a malformed key is refused and not repeated",
        arguments: [
            "", "pk_", "pk_123", "ak_" + String(repeating: "a", count: 64), "pk_" + String(repeating: "z", count: 64),
        ])
    func badKey(key: String) throws {
        let text = try #require(refusal(url: "https://example.com", key: key))
        #expect(text.contains("API key"))
        #expect(key.utf8.count < 4 || !text.contains(key.dropFirst(3)))
    }

    @Test("a secret key warns, a publishable one doesn't")
    func secretKey() throws {
        let log = LogRecorder()
        let options = ClientOptions(logger: Logger(label: "test", factory: { _ in log }))
        let transport = ScriptedTransport(.json("{}"))
        _ = try BkendClient(url: "https://example.com", key: testKey, options: options, transport: transport)
        #expect(log.lines.isEmpty)
        let secret = "sk" + testKey.dropFirst(2)
        let client = try BkendClient(url: "https://example.com", key: secret, options: options, transport: transport)
        #expect(log.lines.count == 1)
        #expect(log.lines[0].hasPrefix("warning a secret key (sk_)"))
        var dumped = ""
        dump(client, to: &dumped)
        #expect(!dumped.contains(testKey.dropFirst(3)))
        #expect(!log.lines[0].contains(testKey.dropFirst(3)))
    }

    @Test("shutting down twice is fine, calls afterwards fail, and a given transport stays open")
    func shutdown() async throws {
        let transport = ScriptedTransport(.json(recordText()))
        let client = try testClient(transport)
        await client.shutdown()
        await client.shutdown()
        let error = await failure { () async throws(BkendError) in try await client.table("a").get("b") }
        guard case .transport(let reason)? = error?.reason else {
            Issue.record("expected a transport error, not \(String(describing: error))")
            return
        }
        #expect(reason.kind == .shutDown)
        #expect(transport.sent.isEmpty)
        #expect(transport.shutdownCount == 0)
    }
}

/// Keeps what is logged.
private struct LogRecorder: LogHandler {
    private final class Lines: Sendable { let all = Mutex<[String]>([]) }

    private let recorded = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var lines: [String] { recorded.all.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        recorded.all.withLock { $0.append("\(event.level) \(event.message)") }
    }
}
