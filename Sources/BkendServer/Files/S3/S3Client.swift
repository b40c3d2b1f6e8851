import BkendCurl
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes

/// Requests to one bucket: signed, within bounds, and again where that can only help.
final class S3Client: Sendable {
    let settings: S3Settings
    private let endpoint: S3Endpoint
    private let credentials: S3CredentialSource
    private let transport: any HTTPTransport
    private let policy: RetryPolicy
    private let pause: @Sendable (Duration) async throws -> Void

    /// The most bytes of an answer that isn't an object.
    private static let mostBytes = 4 << 20

    /// - Parameters:
    ///   - connections: how many requests there may be at once.
    ///   - pause: how to wait before another attempt.
    /// - Throws: `OperatorError` for settings that can't be, or credentials that aren't there.
    init(
        _ settings: S3Settings, connections: Int = 1_024,
        policy: RetryPolicy = RetryPolicy(maximumDelay: .seconds(5), retryAfterLimit: .seconds(10)),
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws(OperatorError) {
        self.settings = settings
        endpoint = try S3Endpoint(settings)
        guard PlainHTTP.loopbackOnly.allows(scheme: endpoint.scheme, authority: endpoint.authority) else {
            throw OperatorError("--s3-endpoint is plain http, which only this machine may have; use https")
        }
        credentials = try S3CredentialSource(file: settings.credentials)
        do throws(TransportError) {
            transport = try CurlTransport(
                configuration: CurlTransport.Configuration(
                    certificateAuthorities: settings.certificates, maximumConnectionsPerHost: connections,
                    idleConnectionLifetime: .seconds(15), userAgent: "bkend-server"))
        } catch { throw OperatorError("the client of the files' S3 storage can't start: \(error)") }
        self.policy = policy
        self.pause = pause
    }

    /// Sends a request, and gives the answer that isn't a refusal.
    ///
    /// - Throws: `S3Failure`, `CancellationError`.
    func answer(to request: S3Request) async throws -> TransportResponse {
        var attempt = 1
        while true {
            let (outcome, failure): (RetryPolicy.Outcome, S3Failure)
            do throws(TransportError) {
                let response = try await transport.send(signed(request))
                if (200...299).contains(response.head.status.code) { return response }
                let body = (try? await response.body.collect(upTo: 64 << 10)) ?? []
                failure = self.failure(of: request, S3Failure.refusal(response.head, body))
                outcome = .answered(response.head, isFromServer: false)
            } catch {
                if error.kind == .cancelled { throw CancellationError() }
                failure = self.failure(of: request, .unreachable("\(error.kind.rawValue): \(error.reason)"))
                outcome = .failed(error)
            }
            let decision = Self.decide(policy, attempt, outcome, request.replay)
            guard failure.isPassing, request.isWhole(), case .retry(let wait) = decision else { throw failure }
            try await pause(wait)
            attempt += 1
        }
    }

    /// `answer`, with the body, for what isn't an object.
    func document(_ request: S3Request) async throws -> (head: HTTPResponse, document: S3Document) {
        var attempt = 1
        while true {
            let response = try await answer(to: request)
            do throws(TransportError) {
                return (response.head, S3Document(try await response.body.collect(upTo: Self.mostBytes)))
            } catch {
                let decision = Self.decide(policy, attempt, .failed(error), request.replay)
                guard case .retry(let wait) = decision else {
                    throw failure(of: request, .unreachable("\(error.kind.rawValue): \(error.reason)"))
                }
                try await pause(wait)
                attempt += 1
            }
        }
    }

    /// A request's failure.
    func failure(of request: S3Request, _ cause: S3Failure.Cause) -> S3Failure {
        S3Failure(request, cause, bucket: settings.bucket, host: endpoint.authority)
    }

    /// Waits before another attempt at a body that broke off; false where there is to be none.
    func mayGoOn(after error: TransportError, attempt: Int) async throws -> Bool {
        guard case .retry(let wait) = Self.decide(policy, attempt, .failed(error), .idempotent) else { return false }
        try await pause(wait)
        return true
    }

    private static func decide(
        _ policy: RetryPolicy, _ attempt: Int, _ outcome: RetryPolicy.Outcome, _ replay: Replay
    ) -> RetryPolicy.Decision {
        var random = SystemRandomNumberGenerator()
        return policy.decide(attempt: attempt, outcome: outcome, replay: replay, now: Date(), using: &random)
    }

    /// Signed by the time of now: the service refuses signatures that are some minutes old.
    private func signed(_ request: S3Request) -> TransportRequest {
        var head = request.head(endpoint)
        S3Signer(credentials: credentials.current, region: settings.region).sign(
            &head, payload: request.payload ?? S3Signer.unsignedPayload, at: .systemNow)
        return TransportRequest(
            head: head, body: request.body(), timeouts: Timeouts(idle: request.idle), replay: request.replay,
            maximumResponseBytes: .max)
    }

    // MARK: What is asked for

    func put(_ key: String, _ bytes: [UInt8]) async throws { _ = try await answer(to: .put(key, bytes)) }

    /// Deletes an object; one that isn't there is no error.
    func delete(_ key: String) async throws {
        do { _ = try await document(.delete(key)) } catch let failure as S3Failure where failure.isMissing {}
    }

    /// What a list says of one object; nil where there is none. A GET wouldn't tell: where a policy allows lists of a prefix
    /// alone, AWS answers 403 for what isn't there.
    func find(_ key: String) async throws -> S3Page.Entry? {
        // The shortest key that begins so comes first.
        let (head, document) = try await document(.list(key, after: nil, most: 1))
        return S3Page(head, document, prefix: key, isWhole: false)?.entries.first { $0.name.isEmpty }
    }

    /// A small object; nil where there is none.
    func bytes(of key: String) async throws -> [UInt8]? {
        do {
            let request = S3Request.get(key, 0..<64 << 10)
            let response = try await answer(to: request)
            do throws(TransportError) { return try await response.body.collect(upTo: 64 << 10) } catch {
                throw failure(of: request, .unreachable("\(error.kind.rawValue): \(error.reason)"))
            }
        } catch let failure as S3Failure where failure.isMissing { return nil }
    }

    /// Moves an object: a copy within the service, then the end of the first.
    func move(_ key: String, to copy: String) async throws {
        let request = S3Request.copy(key, to: copy, in: settings.bucket)
        // A copy that takes long is answered 200 before it has failed.
        let (_, document) = try await document(request)
        guard document.isA("CopyObjectResult") else {
            throw failure(of: request, .malformed("the copy failed (\(document.first("Code") ?? "no result"))"))
        }
        try await delete(key)
    }

    /// Every object whose key has a prefix, in the order of their keys, a page at a time.
    func list(_ prefix: String, most: Int = 1_000, _ body: (S3Page) async throws -> Void) async throws {
        var token: String?
        repeat {
            let request = S3Request.list(prefix, after: token, most: most)
            let (head, document) = try await document(request)
            let page = S3Page(head, document, prefix: prefix)
            guard let page, page.next == nil || page.next != token else {
                throw failure(of: request, .malformed("the answer is no list of objects"))
            }
            try await body(page)
            token = page.next
        } while token != nil
    }
}

/// A page of a list of objects.
struct S3Page: Sendable {
    struct Entry: Sendable {
        /// The key without the prefix that was asked for.
        let name: String
        let bytes: Int
        /// When it was stored, by the service's clock.
        let modifiedAt: Timestamp?
    }

    let entries: [Entry]
    /// When the service answered, by its clock.
    let answeredAt: Timestamp?
    /// Where the next page begins; nil for the last one.
    let next: String?

    /// Nil for what is no such page.
    ///
    /// - Parameter isWhole: whether the pages after it are wanted as well.
    init?(_ head: HTTPResponse, _ document: S3Document, prefix: String, isWhole: Bool = true) {
        guard document.isA("ListBucketResult") else { return nil }
        var entries: [Entry] = []
        document.each("ListBucketResult/Contents") { values in
            guard let key = values["Key"], key.hasPrefix(prefix) else { return }
            entries.append(
                Entry(
                    name: String(key.dropFirst(prefix.count)), bytes: values["Size"].flatMap { Int($0) } ?? 0,
                    modifiedAt: values["LastModified"].flatMap { Timestamp($0) }))
        }
        self.entries = entries
        let date = head.headerFields[.date].flatMap { HTTPDate($0) }
        answeredAt = date.map { Timestamp(clamping: $0.secondsSince1970 * 1_000) }
        let isCut = isWhole && document.first("IsTruncated") == "true"
        next = isCut ? document.first("NextContinuationToken") : nil
        if isCut, next == nil { return nil }
    }

    /// For how many milliseconds an object has been there, by the service's clock alone; nil where it doesn't say.
    func age(of entry: Entry) -> Int64? {
        guard let answeredAt, let modifiedAt = entry.modifiedAt else { return nil }
        return answeredAt.milliseconds - modifiedAt.milliseconds
    }
}
