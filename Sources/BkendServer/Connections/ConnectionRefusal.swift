import BkendWire

/// Why a connection is past the limits.
enum ConnectionRefusal: Hashable, Sendable {
    /// Its address has so many already.
    case address(Int)
    /// The server has as many as it takes, and each is at work.
    case total

    /// What the client is told; after a second it may try again.
    var body: ErrorBody {
        switch self {
        case .address(let limit):
            ErrorBody(
                .tooManyConnections,
                "your address has \(limit) connections, as many as this server takes from one; close some, or use "
                    + "those again, and try again in 1 s")
        case .total:
            ErrorBody(
                "common/service-unavailable", "every connection that this server takes is at work; try again in 1 s",
                status: 503)
        }
    }

    /// Its name in the metrics.
    var reason: String {
        switch self {
        case .address: "address"
        case .total: "total"
        }
    }
}
