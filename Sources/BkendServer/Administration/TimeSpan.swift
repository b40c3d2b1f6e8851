import BkendWire

/// A span of time as it is written on a command line: `90d`, `12h`, `30m`, `45s`; `0` needs no unit.
package struct TimeSpan: Hashable, Sendable {
    /// The span in seconds.
    package let seconds: Int

    /// Reads a span; nil when the text is none, or longer than a thousand years.
    package init?(_ text: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        if text.hasSameBytes(as: "0") {
            seconds = 0
            return
        }
        guard let unit = text.last.flatMap({ units[$0] }) else { return nil }
        let digits = text.dropLast()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(digits) else { return nil }
        let (seconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
        guard !isTooLong, seconds <= 1_000 * 366 * 86_400 else { return nil }
        self.seconds = seconds
    }

    /// The end of a span that begins now, or the date that the text names.
    ///
    /// - Throws: `OperatorError` when the text is neither, or lies in the past.
    package static func end(_ text: String, now: Timestamp) throws(OperatorError) -> Timestamp {
        let end = TimeSpan(text).map { Timestamp(clamping: now.milliseconds + Int64($0.seconds) * 1_000) }
        guard let end = end ?? Timestamp(text) else {
            throw OperatorError(
                "\(text.debugDescription) is neither a date (2027-01-31, 2027-01-31T12:00:00Z) nor a span (90d, 12h)",
                .usage)
        }
        guard now < end else { throw OperatorError("\(text) lies in the past", .usage) }
        return end
    }
}
