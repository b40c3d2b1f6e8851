import BkendCurl
import BkendTransport
import Foundation
import HTTPTypes
import Testing

/// Certificates and versions, against `openssl s_server`. Skipped where the `openssl` command is missing.
@Suite(
    .serialized, .timeLimit(.minutes(10)), .enabled(if: OpenSSL.isInstalled, "the openssl command is not installed"))
struct TLSTests {
    static let request = "/x?key=pk_secret"

    /// Sends a request over TLS to a server with such a certificate.
    func send(
        _ method: HTTPRequest.Method = .post, to server: OpenSSLServer, trusting authorities: String?
    ) async throws -> Result<TransportResponse, TransportError> {
        let configuration = CurlTransport.Configuration(certificateAuthorities: authorities)
        let transport = try CurlTransport(configuration: configuration)
        let head = HTTPRequest(
            method: method, scheme: "https", authority: "localhost:\(server.port)", path: Self.request)
        let timeouts = Timeouts(connect: .seconds(30), idle: .seconds(60))
        let result: Result<TransportResponse, TransportError>
        do {
            let body = method == .get ? RequestBody.none : .bytes(Array("not for everybody".utf8))
            let response = try await transport.send(TransportRequest(head: head, body: body, timeouts: timeouts))
            let bytes = try await response.body.collect(upTo: 1 << 20)
            result = .success(
                TransportResponse(head: response.head, body: ResponseBody(bytes), version: response.version))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        return result
    }

    @Test("A certificate of a trusted authority for the right host is accepted")
    func certificateTrustedAuthority() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, ["-www"]) { try $0.certificate(host: "localhost") }
        defer { server.stop() }
        let response = try await send(.get, to: server, trusting: folder.authority).get()
        #expect(response.head.status == .ok)
    }

    @Test(
        "A certificate that does not hold is refused and nothing sent",
        arguments: [
            ("expired", "localhost", -1), ("for another host", "example.org", 2),
            ("of an unknown authority", "localhost", 2),
        ])
    func certificateDoesNot(
        name: String, host: String, days: Int
    ) async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, []) { try $0.certificate(host: host, days: days) }
        defer { server.stop() }
        let result = try await send(to: server, trusting: name == "of an unknown authority" ? nil : folder.authority)
        #expect {
            try result.get()
        } throws: { error in
            let error = error as? TransportError
            return error?.kind == .tls && error?.delivery == .notSent
                && error?.description.contains("pk_") == false && error?.isSafeToRetry == true
        }
        #expect(!server.output.contains("not for everybody"))
    }

    @Test("A self-signed certificate is refused")
    func selfSignedCertificate() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, []) { try $0.selfSigned(host: "localhost") }
        defer { server.stop() }
        let result = try await send(to: server, trusting: folder.authority)
        #expect { try result.get() } throws: { ($0 as? TransportError)?.kind == .tls }
    }

    @Test("TLS 1.1 is refused")
    func tls11() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]) {
            try $0.certificate(host: "localhost")
        }
        defer { server.stop() }
        let result = try await send(to: server, trusting: folder.authority)
        #expect { try result.get() } throws: { error in
            let error = error as? TransportError
            return error?.kind == .tls && error?.delivery == .notSent
        }
    }

    @Test("An authority file that does not exist is an error that says so")
    func authorityFileDoes() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, []) { try $0.certificate(host: "localhost") }
        defer { server.stop() }
        let result = try await send(to: server, trusting: "/nonexistent/authorities.pem")
        #expect { try result.get() } throws: { error in
            let error = error as? TransportError
            return error?.kind == .tls && error?.reason.contains("/nonexistent/authorities.pem") == true
        }
    }

    @Test("HTTP/2 is spoken where the server offers it")
    func http2Spoken() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, ["-quiet", "-alpn", "h2"]) {
            try $0.certificate(host: "localhost")
        }
        defer { server.stop() }
        // SETTINGS; SETTINGS acknowledged; HEADERS of stream 1 with `:status: 200`; DATA that ends the stream.
        server.input([0, 0, 0, 4, 0, 0, 0, 0, 0])
        server.input([0, 0, 0, 4, 1, 0, 0, 0, 0])
        async let result = send(to: server, trusting: folder.authority)
        await eventually { server.output.contains("PRI * HTTP/2.0") && server.output.contains("not for everybody") }
        server.input([0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88])
        server.input([0, 0, 2, 0, 1, 0, 0, 0, 1] + Array("h2".utf8))
        let response = try await result.get()
        #expect(response.version == .http2)
        #expect(response.head.status == .ok)
        #expect(try await response.body.collect(upTo: 2) == Array("h2".utf8))
    }

    @Test("A stream that the server refuses is not sent a second time")
    func streamServerRefuses() async throws {
        let folder = try await OpenSSL.folder()
        defer { folder.remove() }
        let server = try await OpenSSLServer.start(folder, ["-quiet", "-alpn", "h2"]) {
            try $0.certificate(host: "localhost")
        }
        defer { server.stop() }
        server.input([0, 0, 0, 4, 0, 0, 0, 0, 0])
        async let result = send(to: server, trusting: folder.authority)
        await eventually { server.output.contains("not for everybody") }
        server.input([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7])  // RST_STREAM, REFUSED_STREAM
        let ended = try await result
        #expect { try ended.get() } throws: { error in
            let error = error as? TransportError
            return error?.kind == .connectionLost && error?.isSafeToRetry == false
        }
        #expect(server.output.components(separatedBy: "not for everybody").count == 2)
    }
}
