/// Why the server closes a connection.
enum ConnectionEnd: String, CaseIterable, Sendable {
    /// No request came.
    case idle
    /// A request's body didn't come.
    case request
    /// An answer wasn't taken.
    case answer
    /// A newcomer needed the place.
    case displaced
    /// It was past the limits.
    case refused
    /// More was sent than the server reads ahead.
    case ahead
    /// Its last answer was taken, and it stayed open.
    case closing
}
