/// The connection ended before its request was whole. That is the client's doing, or the network's: no answer reaches
/// anybody, and nothing has failed here.
struct BrokenOff: Error {
    /// What the connection ended with.
    let cause: any Error

    /// What such a request has in log and metrics instead of an answer's status, as other servers have it: it is no
    /// status of HTTP, and never sent.
    static let status = 499
}
