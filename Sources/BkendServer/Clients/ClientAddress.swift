import Foundation
import NIOCore

/// An IP address, that of IPv4 in its IPv6 form `::ffff:1.2.3.4` (RFC 4291 §2.5.5.2), so that one client has one address
/// however the socket spells it.
package struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An address by its text, nil when the text is none. Scopes (`%eth0`) and ports are none.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(four)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    /// The address of a socket's other end, nil when it has none.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address): self.init(address.address.sin_addr)
        case .v6(let address): self.init(address.address.sin6_addr)
        case .unixDomainSocket, nil: return nil
        }
    }

    private init(_ address: in_addr) {
        self.init(high: 0, low: Self.mapped | UInt64(UInt32(bigEndian: address.s_addr)))
    }

    private init(_ address: in6_addr) {
        var address = address
        let words = withUnsafeBytes(of: &address) { $0.loadUnaligned(as: (UInt64, UInt64).self) }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    private static let mapped: UInt64 = 0xFFFF_0000_0000

    /// Whether it is an address of IPv4.
    var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// What limits count by: an IPv4 address, or the /64 network of an IPv6 one, which one host has to itself and can
    /// change addresses in at will.
    var network: ClientAddress { isVersion4 ? self : ClientAddress(high: high, low: 0) }

    /// Whether the first `count` bits of the 128 are those of another address.
    func sharesBits(_ count: Int, with other: ClientAddress) -> Bool {
        func differ(_ a: UInt64, _ b: UInt64, _ count: Int) -> Bool {
            count > 0 && (a ^ b) >> UInt64(64 - min(count, 64)) != 0
        }
        return !differ(high, other.high, count) && !differ(low, other.low, count - 64)
    }

    /// The address as it is usually written.
    package var description: String {
        if isVersion4 { return (0..<4).map { String(low >> UInt64(24 - 8 * $0) & 0xFF) }.joined(separator: ".") }
        var words = (high.bigEndian, low.bigEndian)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &words, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
