import BkendSync
import BkendTransport
import BkendWire
import Foundation
import HTTPTypes
import Testing

@testable import Bkend

@Suite struct FileValueTests {
    @Test(
        "SHA-256 of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ])
    func digest(text: String, hex: String) {
        for piece in [1_000_001, 64, 63, 1_009] {
            var hash = SHA256()
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: piece) {
                hash.update(Array(bytes[start..<min(start + piece, bytes.count)]))
            }
            #expect(hash.finish() == hex, "pieces of \(piece)")
        }
    }

    @Test("Every length about a block's end has a digest of its own")
    func lengths() {
        let digests = (0..<200).map { count in
            var hash = SHA256()
            hash.update([UInt8](repeating: 1, count: count))
            return hash.finish()
        }
        #expect(Set(digests).count == 200 && digests.allSatisfy { $0.utf8.count == 64 })
    }

    @Test(
        "The type goes with the name",
        arguments: [
            ("a.JPG", "image/jpeg"), ("a.tar.gz", "application/gzip"), ("noending", "application/octet-stream"),
            (".png", "application/octet-stream"), ("a.", "application/octet-stream"), ("b.mov", "video/quicktime"),
        ])
    func types(name: String, type: String) { #expect(ContentType.of(name) == type) }

    @Test("A record without what this server adds is read as well")
    func record() throws {
        let file = try RemoteFile(json: [
            "id": "f1", "s3Key": "images/a.png", "originalName": "a.png", "mimeType": "image/png", "size": 3,
            "visibility": "public", "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
        ])
        #expect(file.key == "images/a.png" && file.url == nil && file.sha256 == nil && file.ownerID == nil)
        #expect(throws: JSONCodingError.self) { _ = try RemoteFile(json: ["id": "f1"]) }
    }

    private static let address = "https://storage.example.com/bucket/images/a.png?sig=1%2F2"
    private static let presigned =
        #"{"url":"\#(address)","key":"images/a.png","filename":"a.png","contentType":"image/png","fileId":"f1"}"#
    private static let file = """
        {"id":"f1","s3Key":"images/a.png","originalName":"a.png","mimeType":"image/png","size":3,"visibility":"private",
        "createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}
        """

    private func upload(
        _ answer: @escaping @Sendable (ScriptedTransport.Sent) throws(TransportError) -> ScriptedTransport.Answer
    ) async -> (Result<RemoteFile, BkendError>, [String]) {
        let transport = ScriptedTransport { sent throws(TransportError) in
            try answer(sent)
        }
        do throws(BkendError) {
            var options = ClientOptions()
            options.retry = RetryPolicy(maximumAttempts: 3, baseDelay: .zero)
            let client = try BkendClient(
                url: "https://api.example.com", key: "pk_" + String(repeating: "a", count: 64), options: options,
                transport: transport)
            let file = try await client.files.upload(Data([1, 2, 3]), name: "a.png").value
            return (.success(file), transport.lines)
        } catch {
            return (.failure(error), transport.lines)
        }
    }

    @Test("An upload is three requests; the second goes to the storage without credentials")
    func requests() async throws {
        let transport = ScriptedTransport { sent throws(TransportError) in
            if sent.method == "PUT" { return ScriptedTransport.Answer(headers: ["ETag": "\"1\""], body: "") }
            if sent.method == "GET" { return ScriptedTransport.Answer(headers: [:], body: "abc") }
            return .json(sent.path.hasSuffix("-url") ? Self.presigned : Self.file)
        }
        let client = try BkendClient(
            url: "https://api.example.com", key: "pk_" + String(repeating: "a", count: 64),
            options: ClientOptions(headers: ["X-App": "1"]), transport: transport)
        _ = try await client.files.upload(Data([1, 2, 3]), name: "a.png").value
        #expect(
            transport.lines == [
                "POST /v1/files/presigned-url", "PUT /bucket/images/a.png?sig=1/2", "POST /v1/files",
            ])
        let put = transport.sent[1]
        #expect(put.url == Self.address)
        #expect(put.headers.map(\.name.canonicalName) == ["content-type"])
        #expect(try await client.files.data("f1") == Data("abc".utf8))
        let get = transport.sent[4]
        #expect(get.url == Self.address && get.headers.map(\.name.canonicalName) == ["accept-encoding"])
        // Servers that show pictures of which nothing was said must be told.
        #expect(transport.sent[0].body.contains(#""visibility":"private""#))
        #expect(transport.sent[0].body.contains(#""fileSize":3"#))
    }

    @Test("A registration whose answer was lost is found by its id")
    func lostRegistration() async throws {
        let (result, lines) = await upload { sent throws(TransportError) in
            if sent.method == "PUT" { return ScriptedTransport.Answer(headers: ["ETag": "\"1\""], body: "") }
            if sent.path.hasSuffix("presigned-url") { return .json(Self.presigned) }
            if sent.method == "GET" { return .json(Self.file) }
            return .json(
                #"{"success":false,"error":{"code":"file/s3-key-already-exists","message":"again"}}"#, status: 409)
        }
        #expect(try result.get().id == "f1")
        #expect(lines.last == "GET /v1/files/f1")
    }

    @Test("Where nobody can tell, the error says so, with the key")
    func unknownRegistration() async throws {
        let (result, _) = await upload { sent throws(TransportError) in
            if sent.method == "PUT" { return ScriptedTransport.Answer(headers: ["ETag": "\"1\""], body: "") }
            if sent.path.hasSuffix("presigned-url") { return .json(Self.presigned) }
            throw TransportError(kind: .connectionLost, delivery: .mayHaveReachedServer, reason: "gone")
        }
        guard case .failure(let error) = result, case .file(.mayBeRegistered(let key)) = error.reason else {
            Issue.record("\(result)")
            return
        }
        #expect(key == "images/a.png" && error.mayHaveBeenApplied)
    }

    @Test("An address that has ended is replaced once; plain http elsewhere is never used")
    func addresses() async throws {
        let (result, lines) = await upload { sent throws(TransportError) in
            if sent.method == "PUT" { return ScriptedTransport.Answer(status: 403, body: "") }
            return .json(Self.presigned)
        }
        #expect(lines.filter { $0.hasPrefix("PUT") }.count == 2)
        guard case .failure(let error) = result, case .file(.storage(403)) = error.reason else {
            Issue.record("\(result)")
            return
        }
        let (plain, sent) = await upload { _ throws(TransportError) in
            .json(Self.presigned.replacing("https://storage", with: "http://storage"))
        }
        #expect(sent == ["POST /v1/files/presigned-url"])
        guard case .failure(let refusal) = plain, case .invalidArgument = refusal.reason else {
            Issue.record("\(plain)")
            return
        }
    }
}
