import BkendTesting
import BkendWire
import Foundation
import Testing

@testable import BkendServer

@Suite struct MetricsTests {
    @Test("The exposition follows the text format 0.0.4 to the byte")
    func exposition() {
        var out = Exposition()
        out.family("x_total", .counter, "A\\b\nc.")
        out.sample("x_total", [("a", "q\"\\\n"), ("b", "é")], 3)
        out.sample("x_total", [], 0.25)
        var histogram = DurationHistogram()
        for duration in [Duration.milliseconds(1), .milliseconds(2), .seconds(60)] { histogram.add(duration) }
        out.family("d_seconds", .histogram, "D.")
        out.histogram("d_seconds", [("r", "/")], histogram)
        let lines = out.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == #"# HELP x_total A\\b\nc."#)
        #expect(lines[1] == "# TYPE x_total counter")
        #expect(lines[2] == #"x_total{a="q\"\\\n",b="é"} 3"#)
        #expect(lines[3] == "x_total 0.25")
        #expect(lines[4] == "# HELP d_seconds D.")
        #expect(lines[6] == #"d_seconds_bucket{r="/",le="0.0005"} 0"#)
        #expect(lines[7] == #"d_seconds_bucket{r="/",le="0.001"} 1"#)
        #expect(lines[8] == #"d_seconds_bucket{r="/",le="0.0025"} 2"#)
        #expect(lines[19] == #"d_seconds_bucket{r="/",le="10"} 2"#)
        #expect(lines[20] == #"d_seconds_bucket{r="/",le="+Inf"} 3"#)
        #expect(lines[21] == #"d_seconds_sum{r="/"} 60.003"#)
        #expect(lines[22] == #"d_seconds_count{r="/"} 3"#)
        #expect(lines[23] == "")
    }

    @Test("The admin port counts what the main port answers, and has nothing else")
    func adminPort() async throws {
        let server = try await TestServer.start(tables: ["tables": [["name": "t"], ["name": "u"]]]) { $0.adminPort = 0 }
        _ = try await server.admin.post("/v1/t", ["a": 1])
        _ = try await server.guest.get("/v1/t")
        _ = try await server.guest.get("/v1/data/t?limit=1")
        _ = try await server.guest.send("PUT", "/v1/t", body: [0x7B, 0x7D])
        #expect(try await server.guest.get("/metrics").status == 404)
        let client = TestClient(try #require(server.adminURL))
        let answer = try await client.get("/metrics")
        let health = try await client.get("/health")
        let other = try await client.get("/v1/t")
        let post = try await client.send("POST", "/metrics", body: [])
        try await server.stop()
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let lines = Set(answer.text.split(separator: "\n").map(String.init))
        for line in [
            #"bkend_requests_total{route="/v1/data/:table",method="POST",status="201"} 1"#,
            #"bkend_requests_total{route="/v1/data/:table",method="GET",status="200"} 2"#,
            #"bkend_requests_total{route="/v1/data/:table",method="PUT",status="405"} 1"#,
            #"bkend_requests_total{route="unknown",method="GET",status="404"} 1"#,
            #"bkend_request_duration_seconds_count{route="/v1/data/:table"} 4"#,
            "bkend_requests_in_flight 0", "bkend_writer_wait_seconds_count 1",
            #"bkend_tables{project="default",environment="dev"} 2"#,
            #"bkend_dynamic_tables{project="default",environment="dev"} 0"#,
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(answer.text.hasSuffix("\n"))
        #expect(health.text == #"{"status":"ok"}"#)
        #expect(other.status == 404)
        #expect(post.status == 405)
    }
}
