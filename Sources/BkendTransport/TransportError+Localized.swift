public import Foundation

extension TransportError: LocalizedError {
    /// A message for the app's users: what happened to the connection, without an address.
    public var errorDescription: String? {
        let text =
            switch kind {
            case .cannotResolveHost, .cannotConnect: "The server can't be reached. Check the connection and try again"
            case .connectTimedOut, .idleTimedOut, .totalTimedOut:
                "The server didn't answer in time. Check the connection and try again"
            case .tls: "A secure connection to the server can't be established"
            case .cancelled: "The operation was cancelled"
            case .shutDown: "The connection was closed"
            case .connectionLost: "The connection to the server was lost"
            case .bodyTooLarge: "The server's response is too large"
            default: "The request to the server failed"
            }
        return text + "."
    }
}
