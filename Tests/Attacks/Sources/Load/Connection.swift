import Foundation

/// One blocking TCP connection to the server, from an address of the loopback network that the caller chooses: the
/// server counts connections and requests by address, so that honest and hostile clients need one each.
package final class Connection {
    /// What went wrong with a connection.
    package struct Failure: Error, CustomStringConvertible {
        package let call: String
        package let number: Int32

        /// A failed call with the system's error number, 0 for what the system knows nothing of.
        package init(call: String, number: Int32 = 0) {
            self.call = call
            self.number = number
        }

        package var description: String { number == 0 ? call : "\(call): \(String(cString: strerror(number)))" }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: the last number of 127.0.0.x that the connection comes from.
    ///   - receiveBuffer: how many bytes the system takes before the program reads; nil for its own choice.
    package init(port: Int, from address: UInt8 = 1, patience: Double = 60, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", number: errno) }
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var own = Self.address(127 << 24 | UInt32(address), port: 0)
        var server = Self.address(127 << 24 | 1, port: port)
        do {
            try Self.call("bind", Self.with(&own) { bind(descriptor, $0, $1) })
            try Self.call("connect", Self.with(&server) { connect(descriptor, $0, $1) })
        } catch {
            close(descriptor)
            throw error
        }
        var limit = timeval(tv_sec: Int(patience), tv_usec: Int(patience.truncatingRemainder(dividingBy: 1) * 1e6))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends all bytes.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(call: "send", number: errno) }
            sent += count
        }
    }

    /// Reads the next answer, and counts its body without keeping more than its beginning.
    ///
    /// - Returns: nil when the server closed the connection instead.
    package func answer(keeping most: Int = 4_096) throws -> Answer? {
        while true {
            if let head = try Answer.Head(taking: &buffer) {
                if head.status == 100 { continue }
                return try finish(head, keeping: most)
            }
            guard try fill() else { return nil }
        }
    }

    private func finish(_ head: Answer.Head, keeping most: Int) throws -> Answer {
        var (body, count) = ([UInt8](), 0)
        while count < head.length {
            if buffer.isEmpty { guard try fill() else { throw Failure(call: "half an answer") } }
            let taken = min(buffer.count, head.length - count)
            body += buffer.prefix(min(taken, most - body.count))
            buffer.removeFirst(taken)
            count += taken
        }
        return Answer(status: head.status, bytes: count, body: body)
    }

    /// Takes what has come, at most some bytes; false at the connection's end.
    package func read(atMost count: Int) throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &chunk, count, 0)
        if got < 0 { throw Failure(call: "recv", number: errno) }
        return got > 0
    }

    /// Ends the connection as a crashed client does: with a reset, whatever is under way (socket(7), `SO_LINGER`).
    package func reset() {
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0 { throw Failure(call: "recv", number: errno) }
        buffer += chunk[..<count]
        return count > 0
    }

    private static func address(_ address: UInt32, port: Int) -> sockaddr_in {
        var out = sockaddr_in()
        out.sin_family = sa_family_t(AF_INET)
        out.sin_port = in_port_t(port).bigEndian
        out.sin_addr.s_addr = in_addr_t(address).bigEndian
        return out
    }

    private static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    private static func call(_ name: String, _ result: Int32) throws {
        guard result == 0 else { throw Failure(call: name, number: errno) }
    }
}
