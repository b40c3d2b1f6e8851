import BkendWire

/// Dates as mail and HTTP write them: `Mon, 23 Nov 2026 06:51:54 +0000` (RFC 5322 §3.3, RFC 9110 §5.6.7).
package enum InternetDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment to the second.
    ///
    /// - Parameter zone: what stands for UTC at the end: `GMT` in HTTP.
    package static func text(_ moment: Timestamp, zone: String = "+0000") -> String {
        // 2025-01-08T09:30:00.000Z
        let text = moment.description
        func part(_ start: Int, _ count: Int) -> Substring { text.dropFirst(start).prefix(count) }
        // 1970-01-01 was a Thursday.
        let day = (moment.milliseconds >= 0 ? moment.milliseconds : moment.milliseconds - 86_399_999) / 86_400_000
        let weekday = days[Int((day % 7 + 7) % 7)]
        let month = months[(Int(part(5, 2)) ?? 1) - 1]
        return "\(weekday), \(part(8, 2)) \(month) \(part(0, 4)) \(part(11, 8)) \(zone)"
    }

    /// A moment by its text in the form that HTTP servers write; nil for any other.
    package static func moment(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp("\(parts[3])-\(number)-\(parts[1])T\(parts[4]).000Z")
    }
}
