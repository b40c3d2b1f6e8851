import Foundation
import Glibc
import Synchronization

/// A server made of plain sockets that does what its script says, however wrong. Each connection runs the script on a
/// thread of its own, with blocking calls.
final class RawServer: Sendable {
    typealias Script = @Sendable (RawConnection) throws -> Void

    private struct State {
        var isStopped = false
        var open: [Int32: Bool] = [:]
        var accepted = 0
        var requests: [RawRequest] = []
    }

    let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens on a free port of 127.0.0.1.
    init(_ script: @escaping Script) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw RawError.cannotListen(errno) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Self.startThread { self.acceptAll(script) }
    }

    deinit {
        close(listener)
    }

    /// Every request read so far, over all connections, in the order read.
    var requests: [RawRequest] { state.withLock { $0.requests } }
    /// How many connections were accepted.
    var connectionCount: Int { state.withLock { $0.accepted } }
    /// How many connections are open.
    var openConnectionCount: Int { state.withLock { $0.open.count } }

    func record(_ request: RawRequest) {
        state.withLock { $0.requests.append(request) }
    }

    /// Ends the listener and all connections.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            for socket in state.open.keys { shutdown(socket, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func acceptAll(_ script: @escaping Script) {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { return }
            let index = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.open[socket] = true
                state.accepted += 1
                return state.accepted
            }
            guard let index else {
                close(socket)
                return
            }
            Self.startThread {
                try? script(RawConnection(socket, index: index, server: self))
                self.state.withLock { _ = $0.open.removeValue(forKey: socket) }
                close(socket)
            }
        }
    }

    static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }
}

enum RawError: Error {
    case cannotListen(Int32)
    case closed
}

/// A request as it came over the wire.
struct RawRequest: Sendable {
    var head: String
    var body: [UInt8]

    var method: String { String(head.prefix { $0 != " " }) }

    /// The value of a header field, by its name in lower case.
    func field(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
            return String(line.dropFirst(name.count + 1)).trimmingSpaces
        }
        return nil
    }
}

extension String {
    var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension RawServer {
    /// Whether the kernel lists a listener on that port of 127.0.0.1; asking by connecting would count as a client.
    static func accepts(port: Int) -> Bool {
        let table = Kernel.file("/proc/net/tcp")
        let address = "0100007F:" + String(format: "%04X", port)
        return table.split(separator: "\n").contains { line in
            let columns = line.split(separator: " ")
            return columns.count > 3 && columns[1] == address && columns[3] == "0A"
        }
    }
}
