import BkendWire
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A request to the address of a file's bytes, on its way through its route.
struct AddressCall: Sendable {
    let services: RouteServices
    let route: Route
    let key: FileKey
    /// How a picture is to look.
    let options: ImageAddress.Options
    let request: Request
    /// The path and the query, as they were sent.
    let path: Substring
    let query: Substring
    let client: ClientAddress?
    let files: EnvironmentFiles

    private var now: Timestamp { services.configuration.now() }

    // MARK: Reading

    /// Answers the bytes of a file that its address or its visibility allows; nil where there is none.
    func get() async throws -> RouteAnswer? {
        // A service worker would speak for the whole origin.
        if request.headers[.serviceWorker] != nil {
            throw ErrorBody(.fileAccessDenied, "files of users are no service workers")
        }
        var claims: FileAddress.Claims?
        var asked: ResolvedKey?
        if query.contains("sig=") {
            let found = try await signed(.get)
            asked = try await services.keys.key(marked: found.keyMark, now: now)
            claims = found
        }
        guard let file = try await files.served(key, claims: claims, key: asked) else { return nil }
        var answer = try await RouteAnswer(file, to: request, from: files.objects)
        // An answer for a page may come out of a cache that was filled without one.
        CORS.allow(&answer.headers)
        return answer
    }

    /// Answers a public picture as the address's options want it; the original where it can't be made.
    func picture() async throws -> RouteAnswer? {
        if request.headers[.serviceWorker] != nil {
            throw ErrorBody(.fileAccessDenied, "files of users are no service workers")
        }
        // What only some may see has an address of its own. The row decides, before the cache is looked at.
        guard let file = try await files.served(key, claims: nil, key: nil) else { return nil }
        let outcome = try await services.images?.picture(
            of: file, as: options, accept: request.headers[.accept], from: files.objects)
        var answer: RouteAnswer
        if case .picture(let picture, let reader)? = outcome {
            answer = try await RouteAnswer(picture, to: request) { _ in
                { offset, count in try await reader.read(at: offset, count: count) }
            }
        } else {
            answer = try await RouteAnswer(file, to: request, from: files.objects)
        }
        if case .originalForNow? = outcome { answer.headers[.cacheControl] = "no-cache" }
        answer.headers[.vary] = "Accept"
        CORS.allow(&answer.headers)
        return answer
    }

    /// What the signed address says.
    ///
    /// - Throws: `ErrorBody` with 403 when it wasn't signed here, was changed, or has expired.
    private func signed(_ purpose: FileAddress.Purpose) async throws -> FileAddress.Claims {
        // The path as it was sent is what was signed: no escapes, no slash too many.
        guard path == FileAddress.root + key.text,
            let claims = FileAddress.claims(
                of: query, key: key.text, purpose: purpose, signedBy: try await files.keys.verifying(at: now))
        else { throw ErrorBody.badAddress }
        guard now.milliseconds < claims.expiresAt * 1_000 else { throw ErrorBody.lapsedAddress }
        return claims
    }

    // MARK: Storing

    /// Takes the bytes of a PUT; nil for a key that isn't this environment's.
    func put() async throws -> RouteAnswer? {
        let claims = try await signed(.put)
        let length = try length()
        let digest = try ContentDigest.sha256(request.headers[.contentDigest])
        guard try await services.keys.key(marked: claims.keyMark, now: now) != nil else { throw ErrorBody.badAddress }
        guard let intake = try await files.intake(for: key, claims, length: length) else { return nil }
        var parts = request.body.makeAsyncIterator()
        while let part = try await Self.next(of: &parts) {
            guard intake.bytes + part.readableBytes <= length else { throw BrokenOff(cause: ChannelError.eof) }
            try await intake.write(part)
        }
        // Half a file is none.
        guard intake.bytes == length else { throw BrokenOff(cause: ChannelError.eof) }
        // It may have taken long: the key may be gone since.
        guard try await services.keys.key(marked: claims.keyMark, now: now) != nil else { throw ErrorBody.badAddress }
        let content = try await files.finish(intake, digest: digest)
        var answer = RouteAnswer(.ok, body: AnswerBody(ByteBuffer()))
        answer.headers[.eTag] = content.tag
        CORS.allow(&answer.headers)
        return answer
    }

    private func length() throws(ErrorBody) -> Int {
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }),
            request.headers[.transferEncoding] == nil
        else {
            throw ErrorBody.lengthMissing
        }
        return length
    }

    private static func next(of parts: inout RequestBody.AsyncIterator) async throws(BrokenOff) -> ByteBuffer? {
        do { return try await parts.next() } catch { throw BrokenOff(cause: error) }
    }
}

/// The digest that a client names for the bytes of its body (RFC 9530).
enum ContentDigest {
    /// The SHA-256 in `sha-256=:BASE64:`; nil where there is none, or only others.
    static func sha256(_ header: String?) throws(ErrorBody) -> Data? {
        for member in (header ?? "").split(separator: ",") {
            let parts = member.filter { $0 != " " }.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "sha-256" else { continue }
            guard parts[1].count > 2, parts[1].hasPrefix(":"), parts[1].hasSuffix(":"),
                let digest = Data(base64Encoded: String(parts[1].dropFirst().dropLast())), digest.count == 32
            else {
                throw .file(.fileDigestMismatch, "Content-Digest", "format", "must be sha-256=:BASE64:")
            }
            return digest
        }
        return nil
    }
}

extension ErrorBody {
    static let lengthMissing = ErrorBody(
        .lengthRequired, "the header Content-Length is missing: a file's size must be known before it")
    static let noSuchAddress = ErrorBody(.fileNotFound, "there is no file at this address, or it isn't public")
}

extension HTTPField.Name {
    /// `Content-Digest`
    fileprivate static let contentDigest = HTTPField.Name("Content-Digest")!  // a constant that is a valid name
    /// `Service-Worker`
    fileprivate static let serviceWorker = HTTPField.Name("Service-Worker")!  // a constant that is a valid name
}
