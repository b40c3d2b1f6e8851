import BkendTransport
import CCurl
import HTTPTypes
import Testing

@testable import BkendCurl

struct RequestPlanTests {
    func plan(
        _ scheme: String? = "https", _ authority: String? = "example.org", _ path: String? = "/",
        plainHTTP: PlainHTTP = .loopbackOnly
    ) throws(TransportError) -> RequestPlan {
        let head = HTTPRequest(method: .post, scheme: scheme, authority: authority, path: path)
        return try RequestPlan(TransportRequest(head: head), plainHTTP: plainHTTP)
    }

    @Test("A sound request becomes a URL")
    func soundRequestBecomes() throws {
        let plan = try plan("HTTPS", "example.org:8443", "/v1/data/x?filter=%7B%7D")
        #expect(plan.url == "https://example.org:8443/v1/data/x?filter=%7B%7D")
        #expect(plan.isEncrypted)
    }

    static let unsound: [(String?, String?, String?)] = [
        ("ftp", "example.org", "/"), ("file", "", "/etc/passwd"), (nil, "example.org", "/"), ("https", nil, "/"),
        ("https", "", "/"), ("https", "user:pass@example.org", "/"), ("https", "example.org/x", "/"),
        ("https", "exam ple.org", "/"), ("https", "example.org\r\nHost: other", "/"), ("https", "a?b", "/"),
        ("https", "a#b", "/"), ("https", "a\\b", "/"), ("https", "example.org", nil), ("https", "example.org", ""),
        ("https", "example.org", "x"), ("https", "example.org", "/a b"), ("https", "example.org", "/a#b"),
        ("https", "example.org", "/a\r\nX: 1"), ("https", "example.org", "/a\u{0}b"), ("https", "example.org", "/é"),
        ("http", "example.org", "/"), ("http", "127.0.0.1.example.org", "/"), ("http", "10.0.0.1", "/"),
    ]

    @Test("An unsound one is refused before anything is sent", arguments: unsound)
    func unsoundOneRefused(scheme: String?, authority: String?, path: String?) {
        #expect {
            try plan(scheme, authority, path)
        } throws: { error in
            let error = error as? TransportError
            return error?.kind == .invalidRequest && error?.delivery == .notSent
        }
    }

    @Test(
        "Plain http may go to this machine",
        arguments: ["localhost", "LOCALHOST:80", "127.0.0.1:1", "127.255.0.9", "[::1]:80"])
    func plainHttpMay(authority: String) throws {
        #expect(try plan("http", authority).isEncrypted == false)
    }

    @Test("Plain http may go anywhere when asked for")
    func plainHttpMayGo() throws {
        #expect(try plan("http", "10.0.0.1", plainHTTP: .everywhere).url == "http://10.0.0.1/")
    }

    @Test("Line breaks in a field value never reach the wire")
    func lineBreaksField() throws {
        let name = try #require(HTTPField.Name("X-Test"))
        var head = HTTPRequest(method: .get, scheme: "https", authority: "a", path: "/")
        head.headerFields.append(HTTPField(name: name, value: "a\r\nX-Other: b\u{0}c"))
        let lines = try RequestPlan(TransportRequest(head: head), plainHTTP: .loopbackOnly).headers.lines
        #expect(lines == ["X-Test: a  X-Other: b c"])
    }

    @Test("What frames the message is the transport's")
    func whatFramesMessage() throws {
        var head = HTTPRequest(method: .get, scheme: "https", authority: "a", path: "/")
        head.headerFields = [.contentLength: "5", .transferEncoding: "chunked", .accept: "x"]
        let lines = try RequestPlan(TransportRequest(head: head), plainHTTP: .loopbackOnly).headers.lines
        #expect(lines == ["Accept: x"])
    }
}

extension HeaderList {
    var lines: [String] {
        var lines: [String] = []
        var node = first
        while let current = node {
            lines.append(String(cString: current.pointee.data))
            node = current.pointee.next
        }
        return lines
    }
}

struct ResponseHeadTests {
    @Test("A head is read")
    func headRead() throws {
        let head = try #require(ResponseHead(Array("HTTP/2 404 \r\nContent-Type: a/b \r\nx-y:\tz\r\n".utf8)))
        #expect(head.version == .http2)
        #expect(head.response.status == .notFound)
        #expect(head.response.headerFields[.contentType] == "a/b")
        #expect(try head.response.headerFields[#require(HTTPField.Name("X-Y"))] == "z")
    }

    @Test(
        "What is not HTTP is refused",
        arguments: [
            "", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 abc", "SSH-2.0 200 OK", "HTTP/1.1 200 OK\r\nx",
            "HTTP/1.1 200 OK\r\n: y", "HTTP/1.1 200 OK\r\na b: y", "HTTP/1.1 200 OK\r\n folded: y", "HTTP/1.1 099 OK",
        ])
    func whatNotHTTP(text: String) {
        #expect(ResponseHead(Array(text.utf8)) == nil)
    }

    @Test("The collector passes interim answers over and stops at its limits")
    func collectorPassesInterim() {
        var collector = ResponseHeadCollector()
        func line(_ text: String) -> ResponseHeadCollector.Action {
            Array(text.utf8).withUnsafeBytes { collector.line($0) }
        }
        #expect(line("HTTP/1.1 100 Continue\r\n") == .more)
        #expect(line("\r\n") == .more)
        #expect(line("HTTP/1.1 200 OK\r\n") == .more)
        #expect(line("\r\n") == .complete(Array("HTTP/1.1 200 OK\r\n".utf8)))
        #expect(line("Trailer: 1\r\n") == .more)
        for _ in 0..<(ResponseHeadCollector.maximumLines - 5) { #expect(line("a: b\r\n") == .more) }
        guard case .refuse = line("a: b\r\n") else {
            Issue.record("the line was taken")
            return
        }
    }
}
