import NIOHTTP1
import Testing

@testable import BkendServer

/// What HTTP says of a request by its head.
@Suite struct RequestHeadTests {
    private func head(_ headers: HTTPHeaders, _ version: HTTPVersion = .http1_1, _ method: HTTPMethod = .GET)
        -> HTTPRequestHead
    {
        HTTPRequestHead(version: version, method: method, uri: "/", headers: headers)
    }

    @Test(
        "Host is a name or an address, with or without a port (RFC 9110 §7.2)",
        arguments: [
            "": true, "x": true, "a.example": true, "a.example:80": true, "a.example:": true, "127.0.0.1:8420": true,
            "[::1]": true, "[::1]:8420": true, "[::ffff:1.2.3.4]": true, "a_b~c!d": true, "a%20b": true,
            "a b": false, "a/b": false, "a@b": false, "a:b": false, "a:80:80": false, "[::1": false, "[]": false,
            "[::1]x": false, "[::g]": false, "a%2": false, "a%zz": false, "a,b": true, "a?b": false, "a#b": false,
            "é": false, "a\\b": false, "http://a": false,
        ])
    func hosts(value: String, isValid: Bool) {
        #expect(HostField.isValid(value) == isValid)
        #expect((head(["host": value]).flaw == nil) == isValid)
    }

    @Test("HTTP/1.1 has one Host, HTTP/1.0 at most one")
    func hostCount() {
        #expect(head([:]).flaw != nil)
        #expect(head([:], .http1_0).flaw == nil)
        #expect(head(["host": "a", "host": "a"]).flaw != nil)
        #expect(head(["host": "a", "HOST": "a"], .http1_0).flaw != nil)
    }

    @Test("A connection stays open or ends as the request says, in any case and any list (RFC 9112 §9.3)")
    func persistence() {
        for text in ["close", "Close", "CLOSE", "keep-alive, Close", "close , keep-alive", "x,close"] {
            #expect(!head(["connection": text]).leavesOpen, "\(text)")
            #expect(!head(["connection": text], .http1_0).leavesOpen, "\(text)")
        }
        #expect(!head(["connection": "keep-alive", "connection": "Close"]).leavesOpen)
        #expect(head([:]).leavesOpen)
        #expect(head(["connection": "keep-alive"]).leavesOpen)
        #expect(head(["connection": "closed"]).leavesOpen)
        #expect(!head([:], .http1_0).leavesOpen)
        #expect(head(["connection": "Keep-Alive"], .http1_0).leavesOpen)
        #expect(!head(["connection": "keep-alive", "transfer-encoding": "chunked"], .http1_0).leavesOpen)
        #expect(!head(["connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c"]).leavesOpen)
        #expect(!head([:], .http1_1, .CONNECT).leavesOpen)
    }

    @Test("Only who can read 100 Continue and has a body to send is told to go on (RFC 9110 §10.1.1)")
    func expect() {
        #expect(head(["expect": "100-Continue", "content-length": "1"]).expectsContinue)
        #expect(head(["expect": "100-continue", "transfer-encoding": "chunked"]).expectsContinue)
        #expect(!head(["expect": "100-continue", "content-length": "1"], .http1_0).expectsContinue)
        #expect(!head(["expect": "100-continue"]).expectsContinue)
        #expect(!head(["expect": "100-continue", "content-length": "0"]).expectsContinue)
        #expect(!head(["expect": "200-ok", "content-length": "1"]).expectsContinue)
    }

    @Test("Every route has a deadline for its request, and what leads nowhere has one too")
    func deadlines() {
        var limits = ServerLimits()
        limits.requestSeconds = 7
        for target in ["/health", "/v1/data/t", "/v1/data/t/1?x=1", "/v1/auth/email/signin", "/nowhere", "*", "%"] {
            #expect(RouteTree.all.deadline(target, "GET", limits) == .whole(seconds: 7), "\(target)")
        }
    }
}
