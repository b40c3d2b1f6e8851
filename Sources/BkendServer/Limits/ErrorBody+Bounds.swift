import BkendWire

/// How large the answer to an error may get, whatever a request holds: `RouteBudget.errorBytes`, also where all its texts
/// are control characters, which JSON writes with six bytes each.
extension ErrorBody {
    /// The most details of one answer; `omittedDetails` counts the others.
    static let mostDetails = 100
    /// The most bytes of a path in `details`.
    static let fieldBytes = 256
    /// The most bytes of a detail's message.
    static let detailBytes = 768
    /// The most bytes of all details as JSON writes them. With the message, which the answer has twice, they stay below
    /// `RouteBudget.errorBytes`.
    static let detailsBytes = 88 << 10
    /// The most bytes of the message.
    static let messageBytes = 3 * 1_024

    /// The error with no more than an answer may hold.
    var bounded: ErrorBody {
        var out = self
        out.message = message.shortened(to: Self.messageBytes)
        out.details = []
        var bytes = 0
        for detail in details.prefix(Self.mostDetails) {
            let detail = Detail(
                field: detail.field.shortened(to: Self.fieldBytes), rule: detail.rule,
                message: detail.message.shortened(to: Self.detailBytes))
            bytes += JSON.object(detail.json).serialized().count + 1
            if bytes > Self.detailsBytes { break }
            out.details.append(detail)
        }
        out.omittedDetails += details.count - out.details.count
        return out
    }
}
