import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// URLSession without caches and cookies. By default it keeps 6 connections to a host; here as many as the others may
/// have.
struct URLSessionClient: TaskClient {
    let name = "URLSession"
    private let session: URLSession
    private let request: URLRequest

    init(_ target: Target) throws {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 32
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: configuration)
        guard let url = URL(string: target.url) else { throw WrongAnswer("no URL: \(target.url)") }
        var request = URLRequest(url: url)
        request.setValue(Target.key, forHTTPHeaderField: Target.keyName)
        self.request = request
    }

    func getOnce() async throws {
        try Target.check(try await session.data(for: request).0.count)
    }

    func close() async throws { session.invalidateAndCancel() }
}
