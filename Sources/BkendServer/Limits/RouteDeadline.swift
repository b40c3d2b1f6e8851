/// How long a request may take to come. Whatever the route, an answer must make progress while its bytes wait for the
/// client (`ConnectionWatch`), and an answer of which no byte waits may take as long as it needs.
enum RouteDeadline: Hashable, Sendable {
    /// The whole request, from the end of its head to the last byte of its body, within so many seconds; no byte
    /// extends them.
    case whole(seconds: Int)
    /// As long as its body makes progress: what is large.
    case progress
    /// As long as it likes: what stays open.
    case none
}
