import BkendCurl
import BkendTransport
import Foundation
import HTTPTypes
import Testing

/// What lies about on a machine decides nothing: no proxy and no password comes from there, and no weaker TLS. Each test
/// has a process of its own, since the environment belongs to the whole process.
@Suite(.timeLimit(.minutes(10)))
struct EnvironmentTests {
    @Test("No proxy is taken from the environment")
    func noProxyTaken() async {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { connection in
                _ = try connection.readRequest()
                try connection.answer("seen by the proxy")
            }
            defer { proxy.stop() }
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            for name in ["no_proxy", "NO_PROXY"] { unsetenv(name) }
            try await Harness.run { connection in
                _ = try connection.readRequest()
                try connection.answer("seen by the server")
            } _: { harness async throws in
                guard try await harness.text(harness.request()) == "seen by the server", proxy.connectionCount == 0
                else { throw Misled() }
            }
        }
    }

    @Test("No password is taken from a netrc file")
    func noPasswordTaken() async {
        await #expect(processExitsWith: .success) {
            let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-home-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let file = folder.appending(path: ".netrc")
            try Data("machine 127.0.0.1 login somebody password else\n".utf8).write(to: file)
            chmod(file.path, 0o600)
            setenv("HOME", folder.path, 1)
            setenv("NETRC", file.path, 1)
            try await Harness.run { connection in
                _ = try connection.readRequest()
                try connection.answer()
            } _: { harness async throws in
                _ = try await harness.text(harness.request())
                guard harness.server.requests.map({ $0.field("authorization") }) == [nil] else { throw Misled() }
            }
        }
    }

    /// Without this, OpenSSL's own policy would hide that nobody asks for TLS 1.2.
    @Test(
        "TLS 1.1 is refused where the system's policy allows it",
        .enabled(if: OpenSSL.isInstalled, "the openssl command is not installed"))
    func tls11() async {
        await #expect(processExitsWith: .success) {
            let folder = try await OpenSSL.folder()
            defer { folder.remove() }
            let policy = """
                openssl_conf = all
                [all]
                ssl_conf = tls
                [tls]
                system_default = weak
                [weak]
                MinProtocol = TLSv1
                CipherString = ALL:@SECLEVEL=0

                """
            let server = try await OpenSSLServer.start(folder, ["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]) {
                try $0.certificate(host: "localhost")
            }
            defer { server.stop() }
            let file = folder.url.appending(path: "weak.cnf")
            try Data(policy.utf8).write(to: file)
            setenv("OPENSSL_CONF", file.path, 1)
            do {
                _ = try await TLSTests().send(.get, to: server, trusting: folder.authority).get()
            } catch let error as TransportError where error.kind == .tls && error.delivery == .notSent {
                return
            }
            throw Misled()
        }
    }
}

/// The environment decided something.
private struct Misled: Error {}
