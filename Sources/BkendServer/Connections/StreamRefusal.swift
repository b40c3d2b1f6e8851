import BkendAccounts

/// Why a connection can't become a stream.
enum StreamRefusal: Hashable, Sendable {
    /// There are as many streams as there may be.
    case total
    /// The client has so many already.
    case address(Int)

    /// What the client is told.
    var error: TooManyRequests {
        switch self {
        case .total:
            TooManyRequests(
                .serviceUnavailable, "the server has no room for another stream; ask for changes without one",
                retryAfterSeconds: 60)
        case .address(let limit):
            TooManyRequests(
                .tooManyConnections,
                "your address has \(limit) streams, as many as this server takes from one; close some, or ask for changes "
                    + "without a stream",
                retryAfterSeconds: 60)
        }
    }
}
