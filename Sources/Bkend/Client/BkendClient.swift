import BkendCurl
public import BkendTransport
public import BkendWire
public import Foundation
import Logging

/// An app's connection to one environment of a bkend server.
///
/// ```swift
/// let client = try BkendClient(url: "https://api.example.com", key: "pk_…")
/// let articles = client.table(Article.self)
/// let newest = try await articles.where { $0.isPublished == true }.order(by: \.createdAt, .descending).page(1)
/// ```
///
/// A client is meant to be shared and to live long: it keeps connections open. Call `shutdown()` when done with it.
public final class BkendClient: Sendable {
    let runner: CallRunner
    private let ownTransport: (any HTTPTransport)?

    /// Creates a client. Nothing is sent.
    ///
    /// - Parameters:
    ///   - url: the server: `https`, a host, perhaps a port and a path. Plain `http` only on this machine, unless the
    ///     options allow more.
    ///   - key: `pk_` or `sk_` and 64 hex digits. A secret key opens everything: it belongs on servers, never in an app,
    ///     and gives a warning.
    ///   - options: what holds for all calls.
    ///   - sessions: where the session of the user is kept who signs in: in memory unless said otherwise.
    ///   - transport: what carries the requests, libcurl when nil. A transport given here is not shut down by the client.
    /// - Throws: `BkendError` when the URL or key is not valid, or libcurl can't be used.
    public convenience init(
        url: String, key: String, options: ClientOptions = ClientOptions(),
        sessions: any SessionStore = InMemorySessionStore(), transport: (any HTTPTransport)? = nil
    ) throws(BkendError) {
        try self.init(
            url: url, key: key, options: options, sessions: sessions, transport: transport, pacing: Pacing())
    }

    /// Creates a client; see `init(url:key:options:sessions:transport:)` by the URL's text.
    public convenience init(
        url: URL, key: String, options: ClientOptions = ClientOptions(),
        sessions: any SessionStore = InMemorySessionStore(), transport: (any HTTPTransport)? = nil
    ) throws(BkendError) {
        try self.init(
            url: url.absoluteString, key: key, options: options, sessions: sessions, transport: transport)
    }

    package init(
        url: String, key: String, options: ClientOptions, sessions: any SessionStore = InMemorySessionStore(),
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
            address: address, key: key, options: options, transport: carrier, pacing: pacing, store: sessions)
        if key.isSecret {
            options.logger.warning(
                "a secret key (sk_) gives access to every table; use it only on servers, and a pk_ key in apps")
        }
    }

    /// The records of a model's table.
    public func table<Model: Table>(_ model: Model.Type) -> RemoteTable<Model> {
        RemoteTable(name: Model.tableName, runner: runner)
    }

    /// The records of a table as JSON objects.
    public func table(_ name: String) -> RemoteTable<JSONObject> { RemoteTable(name: name, runner: runner) }

    /// The records of a table other than the model's own: an archive of the same shape, for example.
    public func table<Model: RecordModel>(_ name: String, of model: Model.Type) -> RemoteTable<Model> {
        RemoteTable(name: name, runner: runner)
    }

    /// Cancels what is in flight and closes the connections; calls afterwards fail. Calling it again does nothing.
    ///
    /// A refresh of the session that is under way is waited for: cut off, it would cost the session. A transport that was
    /// given to the client stays open.
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
