package import Foundation
package import HTTPTypes

/// The `Retry-After` field of an answer (RFC 9110 §10.2.3): seconds, or a date.
package struct RetryAfter: Equatable {
    private enum Form: Equatable {
        case seconds(Int64)
        case date(HTTPDate, answered: HTTPDate?)
    }

    private let form: Form

    /// Reads the field; `nil` when it is absent or neither a count of seconds nor a date. A negative count is not a
    /// count. A count too large for 64 bits is the largest count.
    package init?(_ head: HTTPResponse) {
        guard let text = head.headerFields[.retryAfter] else { return nil }
        let digits = text.utf8
        if !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            form = .seconds(Int64(text) ?? .max)
        } else if let date = HTTPDate(text) {
            form = .date(date, answered: head.headerFields[.date].flatMap(HTTPDate.init))
        } else {
            return nil
        }
    }

    /// How long the server asks to wait. A date is measured from the answer's own `Date`, since this machine's clock
    /// may be wrong by a day; from `now` where the answer has none. A moment in the past asks for nothing.
    package func delay(now: Date) -> Duration {
        switch form {
        case .seconds(let seconds):
            return .seconds(seconds)
        case .date(let date, let answered):
            let start = answered?.secondsSince1970 ?? Int64(now.timeIntervalSince1970.rounded(.down))
            return .seconds(max(0, date.secondsSince1970 - start))
        }
    }
}
