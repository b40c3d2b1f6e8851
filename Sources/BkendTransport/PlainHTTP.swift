/// Where unencrypted connections are allowed: only to this machine by default.
public enum PlainHTTP: Sendable, Hashable {
    /// `http` to `localhost`, `127.0.0.0/8` and `::1`; everything else needs `https`.
    case loopbackOnly
    /// `http` to any host. Anyone on the network path can read and change keys and data.
    case everywhere

    /// Whether a request with this scheme may go to this authority.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`, in any case; nothing else is ever allowed.
    ///   - authority: `host` or `host:port`.
    package func allows(scheme: String, authority: String) -> Bool {
        switch scheme.lowercased() {
        case "https": true
        case "http": self == .everywhere || Self.isLoopback(authority: authority)
        default: false
        }
    }

    /// Whether an authority (`host` or `host:port`) names this machine by `localhost`, `127.0.0.0/8` or `::1`.
    ///
    /// Names below `.localhost` are left out: not every resolver keeps them on this machine.
    package static func isLoopback(authority: String) -> Bool {
        if authority.hasPrefix("[") {
            return authority.dropFirst().prefix { $0 != "]" } == "::1"
        }
        let host = authority.prefix { $0 != ":" }.lowercased()
        if host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && UInt8(part) != nil
            }
    }
}
