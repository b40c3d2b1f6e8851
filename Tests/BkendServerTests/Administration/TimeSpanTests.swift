import BkendWire
import Testing

@testable import BkendServer

@Suite struct TimeSpanTests {
    @Test(
        "A span is a number with a unit, or 0",
        arguments: [
            ("0", 0), ("45s", 45), ("30m", 1_800), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600), ("", nil),
            ("90", nil), ("d", nil), ("-1d", nil), ("1.5h", nil), ("1y", nil), ("99999999999999999999d", nil),
            ("9223372036854775807w", nil), ("400000d", nil), ("٣d", nil),
        ] as [(String, Int?)])
    func spans(text: String, seconds: Int?) { #expect(TimeSpan(text)?.seconds == seconds) }

    @Test("An end is a date or a span from now, and never in the past")
    func ends() throws {
        let now = try #require(Timestamp("2026-11-23T10:00:00.000Z"))
        #expect(try TimeSpan.end("1d", now: now).description == "2026-11-24T10:00:00.000Z")
        #expect(try TimeSpan.end("2027-01-31", now: now).description == "2027-01-31T00:00:00.000Z")
        for text in ["2026-11-23T10:00:00.000Z", "2001-01-01", "0", "soon", "2027"] {
            #expect(throws: OperatorError.self) { try TimeSpan.end(text, now: now) }
        }
    }
}
