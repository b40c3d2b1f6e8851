import BkendWire

/// A failure of something that the server needs, which says what a client is answered.
protocol AnsweredFailure: Error {
    /// The answer, which says nothing of paths, hosts or names that are the operator's.
    var answer: ErrorBody { get }
}
