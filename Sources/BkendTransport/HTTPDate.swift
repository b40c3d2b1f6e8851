/// A date in one of the three forms of RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, the obsolete
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The name of the day is not checked.
package struct HTTPDate: Equatable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let secondsSince1970: Int64

    /// Reads a date; nil when it is none.
    package init?(_ text: String) {
        var words = text.split { $0 == " " || $0 == "-" || $0 == "," }
        guard words.count >= 5 else { return nil }
        words.removeFirst()  // the name of the day
        let parts: (day: Substring, month: Substring, year: Substring, time: Substring)
        if Self.months.contains(words[0]) {
            guard words.count == 4 else { return nil }
            parts = (words[1], words[0], words[3], words[2])
        } else {
            guard words.count == 5, words[4] == "GMT" else { return nil }
            parts = (words[0], words[1], words[2], words[3])
        }
        guard let day = Self.number(parts.day, digits: 1...2), let year = Self.year(parts.year),
            let monthIndex = Self.months.firstIndex(of: parts.month), let time = Self.secondOfDay(parts.time),
            (1...Self.daysIn(month: monthIndex + 1, year: year)).contains(day)
        else { return nil }
        secondsSince1970 = Self.daysSince1970(year: year, month: monthIndex + 1, day: day) * 86_400 + time
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int64? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int64(text)
    }

    /// Two digits stand for the years 1970 to 2069: a rule that doesn't need to know today's date.
    private static func year(_ text: Substring) -> Int64? {
        if let short = number(text, digits: 2...2) { return short < 70 ? 2000 + short : 1900 + short }
        return number(text, digits: 4...4)
    }

    /// A leap second (60) counts as the second that follows.
    private static func secondOfDay(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2...2) }
        guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func daysIn(month: Int, year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1 January 1970 in the Gregorian calendar, counted in years that begin in March so that the leap day
    /// is the last of its year.
    private static func daysSince1970(year: Int64, month: Int, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let marchMonth = Int64((month + 9) % 12)
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }
}
