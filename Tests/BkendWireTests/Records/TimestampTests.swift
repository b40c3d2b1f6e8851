import BkendWire
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(
        "a date or date and time is read and printed in the stored form",
        arguments: [
            ("2025-01-08T09:30:00.000Z", "2025-01-08T09:30:00.000Z"), ("2025-01-08", "2025-01-08T00:00:00.000Z"),
            ("2025-01-08T09:30", "2025-01-08T09:30:00.000Z"), ("2025-01-08T09:30Z", "2025-01-08T09:30:00.000Z"),
            ("2025-01-08T09:30:15", "2025-01-08T09:30:15.000Z"), ("2025-01-08 09:30:15z", "2025-01-08T09:30:15.000Z"),
            ("2025-01-08t09:30:15.5Z", "2025-01-08T09:30:15.500Z"),
            ("2025-01-08T09:30:15,05Z", "2025-01-08T09:30:15.050Z"),
            ("2025-01-08T09:30:15.123456789Z", "2025-01-08T09:30:15.123Z"),
            ("2025-01-08T09:30:15.9999Z", "2025-01-08T09:30:15.999Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
            ("2025-01-08T09:30:00+09:00", "2025-01-08T00:30:00.000Z"),
            ("2025-01-08T09:30:00+0900", "2025-01-08T00:30:00.000Z"),
            ("2025-01-08T09:30:00+09", "2025-01-08T00:30:00.000Z"),
            ("2025-01-08T09:30:00-23:59", "2025-01-09T09:29:00.000Z"),
            ("2025-01-08T09:30:00-00:00", "2025-01-08T09:30:00.000Z"),
            ("2025-01-08T00:10+05:45", "2025-01-07T18:25:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"), ("2000-02-29", "2000-02-29T00:00:00.000Z"),
            ("0000-02-29", "0000-02-29T00:00:00.000Z"), ("2024-12-31T23:59:59.999-00:01", "2025-01-01T00:00:59.999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"), ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"),
        ])
    func dateOrDate(text: String, stored: String) {
        #expect(Timestamp(text)?.description == stored)
    }

    @Test(
        "what is no moment is refused",
        arguments: [
            "", "2025", "2025-01", "2025-1-8", "25-01-08", "2025-01-08T", "2025-01-08T09", "2025-01-08T9:30",
            "2025-01-08Z",
            "2025-00-01", "2025-13-01", "2025-01-00", "2025-01-32", "2025-04-31", "2025-02-29", "1900-02-29",
            "2100-02-29",
            "2025-01-08T24:00:00Z", "2025-01-08T23:60:00Z", "2025-01-08T23:59:60Z", "2025-01-08T09:30:00.Z",
            "2025-01-08T09:30:00.", "2025-01-08T09:30.5Z", "2025-01-08T09:30:00+24:00", "2025-01-08T09:30:00+09:60",
            "2025-01-08T09:30:00+9", "2025-01-08T09:30:00+09:", "2025-01-08T09:30:00+09:0", "2025-01-08T09:30:00ZZ",
            "2025-01-08T09:30:00Z ", " 2025-01-08", "2025-01-08\n", "+2025-01-08", "-2025-01-08", "12025-01-08",
            "2025/01/08",
            "2025-01-08T09:30:00 Z", "2025-01-08TT09:30:00Z", "２０２５-01-08", "2025-01-08T09:30:00.1e3Z", "20250108",
            "now",
            "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999-00:01", "2025-01-08\u{0}", "2025-W02-3",
            "2025-01-08T09:30:00." + String(repeating: "1", count: 1_000) + "Z",
        ])
    func whatNoMoment(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("the ends are the years 0000 and 9999")
    func endsYears0000() throws {
        let first = try #require(Timestamp("0000-01-01T00:00:00.000Z")).milliseconds
        let last = try #require(Timestamp("9999-12-31T23:59:59.999Z")).milliseconds
        #expect(Timestamp(milliseconds: first - 1) == nil)
        #expect(Timestamp(milliseconds: last + 1) == nil)
        #expect(Timestamp(clamping: .min).milliseconds == first)
        #expect(Timestamp(clamping: .max).milliseconds == last)
    }

    @Test("every moment survives the round trip, and texts sort like moments")
    func everyMomentSurvives() throws {
        var random = SeededGenerator(seed: 6)
        let ends = Timestamp(clamping: .min).milliseconds...Timestamp(clamping: .max).milliseconds
        var previous = Timestamp(clamping: 0)
        for _ in 0..<20_000 {
            let moment = try #require(Timestamp(milliseconds: .random(in: ends, using: &random)))
            let text = moment.description
            #expect(text.utf8.count == 24)
            #expect(Timestamp(text) == moment)
            #expect((text < previous.description) == (moment < previous))
            previous = moment
        }
    }

    @Test("every day of two leap cycles follows the day before")
    func everyDayTwo() throws {
        var day = try #require(Timestamp("1600-01-01"))
        var count = 0
        for year in 1600...2400 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                let name = String(10_000 + year).dropFirst() + "-" + String(101 + month).dropFirst() + "-"
                guard day.description.hasPrefix(name + "01T00:00:00.000Z"), Timestamp(name + "\(length)") != nil,
                    Timestamp(name + "\(length + 1)") == nil
                else {
                    Issue.record("\(name)")
                    return
                }
                count += length
                day = Timestamp(clamping: day.milliseconds + Int64(length) * 86_400_000)
            }
        }
        #expect(count == 292_560)
    }

    @Test("dates round to the nearest millisecond, and those out of range are refused")
    func datesRoundNearest() throws {
        let moment = try #require(Timestamp("2025-01-08T09:30:00.123Z"))
        #expect(Timestamp(moment.date) == moment)
        #expect(Timestamp(moment.date.addingTimeInterval(0.0004)) == moment)
        #expect(Timestamp(moment.date.addingTimeInterval(0.0006))?.milliseconds == moment.milliseconds + 1)
        #expect(Timestamp(Timestamp(clamping: .max).date) == Timestamp(clamping: .max))
        #expect(Timestamp(Timestamp(clamping: .min).date) == Timestamp(clamping: .min))
        for seconds in [1e12, -1e12, .infinity, -.infinity, .nan, .greatestFiniteMagnitude] {
            #expect(Timestamp(Date(timeIntervalSince1970: seconds)) == nil)
        }
    }
}
