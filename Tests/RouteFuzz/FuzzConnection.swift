import BkendWire
import Foundation

/// One connection that is opened again when the server has closed it. It blocks, so it belongs on a thread of its own.
final class FuzzConnection {
    /// An answer.
    struct Answer {
        var status: Int
        var body: [UInt8]
        var hasRetryAfter: Bool
        /// The `ETag`, without quotes.
        var tag = ""

        var json: JSON { (try? JSON(parsing: body, limits: JSONLimits(depth: 512))) ?? .null }
    }

    struct Failure: Error {
        let what: String
    }

    private let port: Int
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []

    init(port: Int) { self.port = port }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request and reads its answer; once more on a new connection when the old one had ended.
    func ask(_ bytes: [UInt8], mayRepeat: Bool = true) throws -> Answer {
        let isNew = descriptor < 0
        if isNew { try open() }
        do {
            try send(bytes)
            return try answer()
        } catch {
            drop()
            guard !isNew, mayRepeat else { throw error }
            return try ask(bytes, mayRepeat: false)
        }
    }

    private func drop() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        buffer = []
    }

    private func open() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(String(cString: strerror(errno)))") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The server may answer before it has read everything, and close: the answer counts.
            guard count > 0 else { return }
            sent += count
        }
    }

    private func answer() throws -> Answer {
        var end: Int?
        while end == nil {
            end = Self.headEnd(in: buffer)
            if end == nil { try fill() }
        }
        guard let end else { throw Failure(what: "no head") }
        let head = String(decoding: buffer[..<end], as: UTF8.self).lowercased()
        buffer.removeFirst(end + 4)
        let lines = head.components(separatedBy: "\r\n")
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure(what: "no status in \(lines[0])")
        }
        func field(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
        }
        let length = field("content-length").flatMap { Int($0) } ?? 0
        while buffer.count < length { try fill() }
        let body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        if field("connection") == "close" { drop() }
        let tag = (field("etag") ?? "").filter { $0 != "\"" }
        return Answer(status: status, body: body, hasRetryAfter: field("retry-after") != nil, tag: tag)
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Failure(what: count == 0 ? "closed" : String(cString: strerror(errno))) }
        buffer += chunk[..<count]
    }

    private static func headEnd(in buffer: [UInt8]) -> Int? {
        guard buffer.count >= 4 else { return nil }
        return (0...(buffer.count - 4)).first { buffer[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }
}
