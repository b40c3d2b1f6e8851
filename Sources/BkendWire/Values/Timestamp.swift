/// A moment in UTC with millisecond precision, as records carry it: `2025-01-08T09:30:00.000Z` (rest-api.md §3, §6).
///
/// Years 0000 to 9999. The text form sorts like the moments, so it may be compared as a string.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    /// The range that four-digit years can write.
    static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// A moment, or nil when it lies outside the years 0000 to 9999.
    package init?(milliseconds: Int64) {
        guard Self.range.contains(milliseconds) else { return nil }
        self.milliseconds = milliseconds
    }

    /// A moment, moved to the nearest one that four-digit years can write.
    package init(clamping milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Earlier before later.
    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
}

extension Timestamp: LosslessStringConvertible {
    /// Reads an ISO 8601 date (midnight UTC) or date and time. Seconds, a fraction and an offset may be absent; no
    /// offset means UTC, digits past the millisecond are dropped. Nil when the text is none, or no such day exists.
    package init?(_ text: String) {
        var reader = ISO8601Reader(text)
        guard let milliseconds = reader.milliseconds() else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// The stored form: 24 characters, three digits of milliseconds, `Z`.
    package var description: String {
        let (days, time) = milliseconds.quotientAndRemainder(flooring: 86_400_000)
        let (year, month, day) = CivilDate.date(days: days)
        return String(unsafeUninitializedCapacity: 24) { out in
            func put(_ value: Int64, _ width: Int, at position: Int) {
                var rest = value
                for index in stride(from: position + width - 1, through: position, by: -1) {
                    out[index] = UInt8(0x30 + rest % 10)
                    rest /= 10
                }
            }
            for (index, byte) in "0000-00-00T00:00:00.000Z".utf8.enumerated() { out[index] = byte }
            put(year, 4, at: 0)
            put(month, 2, at: 5)
            put(day, 2, at: 8)
            put(time / 3_600_000, 2, at: 11)
            put(time / 60_000 % 60, 2, at: 14)
            put(time / 1_000 % 60, 2, at: 17)
            put(time % 1_000, 3, at: 20)
            return 24
        }
    }
}

extension Int64 {
    fileprivate func quotientAndRemainder(flooring divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// The proleptic Gregorian calendar, by Howard Hinnant's day-count algorithms.
enum CivilDate {
    /// Days since 1970-01-01.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Year, month and day of a count of days since 1970-01-01.
    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    static func daysIn(month: Int64, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads the profile of ISO 8601 that RFC 3339 and JavaScript's `Date` share.
struct ISO8601Reader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func milliseconds() -> Int64? {
        guard bytes.count <= 64, let year = number(4), take("-"), let month = number(2), (1...12).contains(month),
            take("-"), let day = number(2), (1...CivilDate.daysIn(month: month, of: year)).contains(day)
        else { return nil }
        let midnight = CivilDate.days(year: year, month: month, day: day) * 86_400_000
        if offset == bytes.count { return midnight }
        guard take("T") || take("t") || take(" "), let hour = number(2), hour < 24, take(":"), let minute = number(2),
            minute < 60
        else { return nil }
        var time = hour * 3_600_000 + minute * 60_000
        if take(":") {
            guard let second = number(2), second < 60 else { return nil }
            time += second * 1_000
            if take(".") || take(",") {
                guard let fraction = fraction() else { return nil }
                time += fraction
            }
        }
        guard let zone = zone(), offset == bytes.count else { return nil }
        return midnight + time - zone
    }

    private mutating func zone() -> Int64? {
        if offset == bytes.count || take("Z") || take("z") { return 0 }
        let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), hours < 24 else { return nil }
        let hasColon = take(":")
        guard offset < bytes.count || hasColon else { return sign * hours * 3_600_000 }
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 3_600_000 + minutes * 60_000)
    }

    private mutating func fraction() -> Int64? {
        let start = offset
        var value: Int64 = 0
        while offset < bytes.count, case 0x30...0x39 = bytes[offset] {
            if offset - start < 3 { value = value * 10 + Int64(bytes[offset] - 0x30) }
            offset += 1
        }
        guard offset > start else { return nil }
        for _ in min(3, offset - start)..<3 { value *= 10 }
        return value
    }

    private mutating func number(_ width: Int) -> Int64? {
        guard offset + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[offset..<(offset + width)] {
            guard case 0x30...0x39 = byte else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        offset += width
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }
}
