import BkendCurl
import BkendTransport
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CurlTransportTests {
    @Test("A GET brings back status, fields, body and version")
    func getBringsBack() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer("hello", status: "200 Fine", fields: ["X-One: 1", "Set-Thing: a", "Set-Thing:  b "])
        } _: { harness async throws in
            let response = try await harness.transport.send(harness.request(.get, "/a/b?c=%20d"))
            #expect(response.head.status.code == 200)
            #expect(response.head.status.reasonPhrase == "Fine")
            #expect(response.head.headerFields[HTTPField.Name("x-one")!] == "1")
            #expect(response.head.headerFields[values: HTTPField.Name("Set-Thing")!] == ["a", "b"])
            #expect(response.version == .http11)
            #expect(try await response.body.collect(upTo: 5) == Array("hello".utf8))
            #expect(harness.server.requests[0].head.hasPrefix("GET /a/b?c=%20d HTTP/1.1\r\n"))
        }
    }

    @Test("The request goes out as it was given")
    func requestGoesOut() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.answer()
        } _: { harness async throws in
            let fields: HTTPFields = [.contentType: "application/json", .authorization: "Bearer abc", .eTag: ""]
            let request = harness.request(.patch, "/x/../y", fields: fields, body: .bytes(Array("{}".utf8)))
            #expect(try await harness.text(request) == "ok")
            let received = harness.server.requests[0]
            #expect(received.head.hasPrefix("PATCH /x/../y HTTP/1.1\r\n"))
            #expect(received.field("content-type") == "application/json")
            #expect(received.field("authorization") == "Bearer abc")
            #expect(received.field("etag") == "")
            #expect(received.field("content-length") == "2")
            #expect(received.field("expect") == nil)
            #expect(received.field("accept-encoding")?.contains("gzip") == true)
            #expect(received.body == Array("{}".utf8))
        }
    }

    @Test(
        "A method goes out under its name, without a body",
        arguments: [HTTPRequest.Method.post, .put, .patch, .delete, .get, .head])
    func methodGoesOut(method: HTTPRequest.Method) async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        } _: { harness async throws in
            let response = try await harness.transport.send(harness.request(method))
            #expect(response.head.status == .noContent)
            #expect(try await response.body.collect(upTo: 0).isEmpty)
            let received = harness.server.requests[0]
            #expect(received.method == method.rawValue)
            let saysEmpty = [HTTPRequest.Method.post, .put, .patch].contains(method)
            #expect(received.field("content-length") == (saysEmpty ? "0" : nil))
            #expect(received.field("content-type") == nil)
        }
    }

    @Test("One connection serves requests of every form in turn")
    func oneConnectionServes() async throws {
        try await Harness.run { connection in
            while true {
                let request = try connection.readRequest()
                let length = "\(request.body.count)"
                try request.method == "HEAD"
                    ? connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                    : connection.answer("\(request.method) \(length)")
            }
        } _: { harness async throws in
            for round in 1...3 {
                #expect(try await harness.text(harness.request(.get)) == "GET 0")
                #expect(try await harness.text(harness.request(.head)) == "")
                #expect(try await harness.text(harness.request(.post, body: .bytes([1, 2]))) == "POST 2")
                #expect(try await harness.text(harness.request(.delete)) == "DELETE 0")
                #expect(try await harness.text(harness.request(.put, body: .bytes([1]))) == "PUT 1")
                #expect(try await harness.text(harness.request(.post)) == "POST 0", "round \(round)")
            }
            #expect(harness.server.connectionCount == 1)
        }
    }

    @Test("A redirect is an answer like any other and nothing goes to the other host")
    func redirectAnswerLike() async throws {
        let other = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.answer("stolen")
        }
        defer { other.stop() }
        try await Harness.run { [port = other.port] connection in
            _ = try connection.readRequest()
            try connection.answer("", status: "302 Found", fields: ["Location: http://localhost:\(port)/portal"])
        } _: { harness async throws in
            let fields: HTTPFields = [.authorization: "Bearer abc", HTTPField.Name("X-API-Key")!: "sk_secret"]
            let response = try await harness.transport.send(harness.request(fields: fields))
            #expect(response.head.status == .found)
            #expect(response.head.headerFields[.location] == "http://localhost:\(other.port)/portal")
            #expect(try await response.body.collect(upTo: 0).isEmpty)
            #expect(other.connectionCount == 0)
        }
    }

    @Test("Interim answers are passed over")
    func interimAnswersPassed() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            try connection.answer("final")
        } _: { harness async throws in
            let response = try await harness.transport.send(harness.request())
            #expect(response.head.status == .ok)
            #expect(response.head.headerFields[HTTPField.Name("Link")!] == nil)
            #expect(try await response.body.collect(upTo: 5) == Array("final".utf8))
        }
    }

    @Test("Chunks and trailers are put together")
    func chunksTrailersPut() async throws {
        try await Harness.run { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.write("3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n")
        } _: { harness async throws in
            #expect(try await harness.text(harness.request()) == "abcdefg")
        }
    }

    @Test("No cookie is kept")
    func noCookieKept() async throws {
        try await Harness.run { connection in
            while true {
                _ = try connection.readRequest()
                try connection.answer(fields: ["Set-Cookie: session=1; Path=/"])
            }
        } _: { harness async throws in
            _ = try await harness.text(harness.request())
            _ = try await harness.text(harness.request())
            #expect(harness.server.requests[1].field("cookie") == nil)
        }
    }
}
