public import Bkend
public import BkendTransport

extension BkendClient {
    /// Creates a client whose waits are measured by a clock of the test's: back-offs between repeats, the engine's polls,
    /// the age of access tokens. The rest is as in `init(url:key:options:sessions:transport:)`.
    ///
    /// A call's deadline is measured by the clock too, so that it doesn't pass by itself; a transport's time-outs stay
    /// the system's.
    ///
    /// - Throws: `BkendError` when the URL or key is not valid, or libcurl can't be used.
    public convenience init(
        url: String, key: String, clock: TestClock, options: ClientOptions = ClientOptions(),
        sessions: (any SessionStore)? = nil, transport: (any HTTPTransport)? = nil
    ) throws(BkendError) {
        try self.init(
            url: url, key: key, options: options, sessions: sessions, transport: transport,
            pacing: Pacing(clock: clock, now: { clock.date }, syncClock: clock))
    }
}
