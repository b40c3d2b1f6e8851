import BkendCurl
public import BkendTransport
import Foundation
import Logging

/// An app's connection to one environment of a bkend server.
///
/// ```swift
/// let client = try BkendClient(url: "https://api.example.com", key: "pk_…")
/// let articles = client.table(Article.self)
/// let newest = try await articles.where { $0.isPublished == true }.order(by: \.createdAt, .descending).page(1)
/// ```
///
/// Share one client and keep it for a long time, because it keeps connections open. Call `shutdown()` when you no
/// longer need it.
public final class BkendClient: Sendable {
    let runner: CallRunner
    private let ownTransport: (any HTTPTransport)?

    /// Creates a client. Sends nothing.
    ///
    /// - Parameters:
    ///   - url: the server's URL: `https`, a host, and optionally a port and a path. Plain `http` is allowed only to
    ///     this machine, unless the options allow more.
    ///   - key: `pk_` or `sk_` and 64 hex digits. A secret key (`sk_`) gives access to everything. Use it on servers,
    ///     never in an app; the client logs a warning.
    ///   - options: the options for all calls.
    ///   - sessions: the store for the signed-in user's session; in memory if nil.
    ///   - transport: the transport for the requests, libcurl if nil. The client doesn't shut down a transport that you
    ///     pass.
    /// - Throws: `BkendError` if the URL or key isn't valid, or libcurl can't be used.
    public convenience init(
        url: String, key: String, options: ClientOptions = ClientOptions(),
        sessions: (any SessionStore)? = nil, transport: (any HTTPTransport)? = nil
    ) throws(BkendError) {
        try self.init(
            url: url, key: key, options: options, sessions: sessions, transport: transport, pacing: Pacing())
    }

    package init(
        url: String, key: String, options: ClientOptions, sessions: (any SessionStore)? = nil,
        transport: (any HTTPTransport)?, pacing: Pacing
    ) throws(BkendError) {
        let address = try ServerAddress(url, plainHTTP: options.plainHTTP)
        let key = try APIKey(key)
        let carrier: any HTTPTransport
        if let transport {
            carrier = transport
            ownTransport = nil
        } else {
            carrier = try Self.curl(options)
            ownTransport = carrier
        }
        runner = CallRunner(
            address: address, key: key, options: options, transport: carrier, pacing: pacing,
            store: sessions ?? InMemorySessionStore())
        if key.isSecret {
            options.logger.warning(
                "a secret key (sk_) gives access to every table; use it only on servers, and a pk_ key in apps")
        }
    }

    /// Cancels requests in flight and closes the connections. Later calls fail. Calling it again does nothing.
    ///
    /// Waits for a session refresh in progress, because interrupting it would end the session. A transport that was
    /// passed to the client stays open.
    public func shutdown() async {
        runner.close()
        await runner.sessions.settled()
        runner.sessions.changes.close()
        await ownTransport?.shutdown()
    }

    private static func curl(_ options: ClientOptions) throws(BkendError) -> CurlTransport {
        let configuration = CurlTransport.Configuration(
            certificateAuthorities: options.certificateAuthorities, plainHTTP: options.plainHTTP)
        do throws(TransportError) {
            return try CurlTransport(configuration: configuration)
        } catch {
            throw BkendError(.transport(error))
        }
    }
}
