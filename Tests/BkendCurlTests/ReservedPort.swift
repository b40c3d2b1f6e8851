import Foundation
import Glibc

/// A port of 127.0.0.1 that the system gives to nobody while this lives, so that a server may come, go and come back on
/// it. The socket is bound and doesn't listen; a server's own may share the port, since both set `SO_REUSEADDR`.
final class ReservedPort: Sendable {
    let number: Int
    private let descriptor: Int32

    /// Reserves a port, a free one for 0.
    init(_ number: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var (yes, length) = (Int32(1), socklen_t(MemoryLayout<sockaddr_in>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(number).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        self.descriptor = descriptor
        self.number = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw Failure(number: errno) }
    }

    deinit { close(descriptor) }

    struct Failure: Error { var number: Int32 }
}
