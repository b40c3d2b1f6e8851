import Glibc

/// One connection of a `RawServer`, used on its thread.
final class RawConnection {
    private let socket: Int32
    private let server: RawServer
    private var buffer: [UInt8] = []
    /// The number of this connection, from 1.
    let index: Int

    init(_ socket: Int32, index: Int, server: RawServer) {
        self.socket = socket
        self.index = index
        self.server = server
    }

    /// Reads a whole request; throws when the client closed.
    func readRequest() throws -> RawRequest {
        let head = try readHead()
        var request = RawRequest(head: head, body: [])
        if let length = request.field("content-length").flatMap(Int.init) {
            request.body = try readBytes(length)
        } else if request.field("transfer-encoding") == "chunked" {
            request.body = try readChunks()
        }
        server.record(request)
        return request
    }

    /// Reads up to the empty line.
    func readHead() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let head = String(decoding: buffer[..<range.upperBound], as: UTF8.self)
                buffer.removeSubrange(..<range.upperBound)
                return head
            }
            try fill()
        }
    }

    func readBytes(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = Int(try readLine(), radix: 16) ?? 0
            body += try readBytes(size)
            _ = try readLine()
            if size == 0 { return body }
        }
    }

    private func readLine() throws -> String {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n".utf8)) {
                defer { buffer.removeSubrange(..<end.upperBound) }
                return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            }
            try fill()
        }
    }

    private func fill() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { space in
            let count = recv(socket, space.baseAddress, space.count, 0)
            if count > 0 { buffer.append(contentsOf: space.prefix(count)) }
            return count
        }
        guard count > 0 else { throw RawError.closed }
    }

    /// Returns when the client has closed, by FIN or reset; what it sends before is dropped.
    func waitUntilClosed() {
        while (try? fill()) != nil { buffer.removeAll(keepingCapacity: true) }
    }

    func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { space in
                send(socket, space.baseAddress! + offset, space.count - offset, Int32(MSG_NOSIGNAL))  // not empty
            }
            guard count > 0 else { throw RawError.closed }
            offset += count
        }
    }

    /// A plain 200 with a body.
    func answer(_ body: String = "ok", status: String = "200 OK", fields: [String] = []) throws {
        try answer(Array(body.utf8), status: status, fields: fields)
    }

    func answer(_ body: [UInt8], status: String = "200 OK", fields: [String] = []) throws {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + fields
        try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// Closes with a reset instead of a FIN.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
}
