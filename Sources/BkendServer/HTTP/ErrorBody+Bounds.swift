#if Server
import BkendWire

/// How large the answer to an error may get, whatever a request holds: about 100 KB, and six times that when all its
/// texts are control characters, which JSON escapes.
extension ErrorBody {
    /// The most details of one answer; `omittedDetails` counts the others.
    static let mostDetails = 100
    /// The most bytes of a path in `details`.
    static let fieldBytes = 256
    /// The most bytes of a detail's message.
    static let detailBytes = 768
    /// The most bytes of the message.
    static let messageBytes = 3 * 1_024

    /// The error with no more than an answer may hold.
    var bounded: ErrorBody {
        var out = self
        out.message = message.shortened(to: Self.messageBytes)
        out.details = details.prefix(Self.mostDetails).map {
            Detail(
                field: $0.field.shortened(to: Self.fieldBytes), rule: $0.rule,
                message: $0.message.shortened(to: Self.detailBytes))
        }
        out.omittedDetails += details.count - out.details.count
        return out
    }
}
#endif
