import Foundation
import Servers

/// An nginx that serves files, and takes them by PUT.
struct Nginx {
    private let process = Process()
    /// nginx ends when this end is closed, however this process ends.
    private let life = Pipe()
    private let root: String
    let port: Int
    /// The process that does the work.
    let identifier: Int32

    /// Starts one over a folder.
    init(_ executable: String, root: String) throws {
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw BenchmarkFailure("there is no nginx at \(executable); install it, or name it by --nginx")
        }
        self.root = root
        port = try Self.freePort()
        for name in ["stored", "bodies", "logs"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        try Data(Self.configuration(root: root, port: port).utf8).write(to: URL(filePath: "\(root)/nginx.conf"))
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", #""$0" "$@" </dev/null & cat >/dev/null; kill -9 $!"#, executable, "-p", root, "-c",
            "\(root)/nginx.conf", "-e",
            "\(root)/logs/error.log",
        ]
        process.standardInput = life
        try process.run()
        for _ in 0..<500 where !Self.listens(port) { usleep(10_000) }
        guard Self.listens(port) else { throw BenchmarkFailure("nginx did not start: see \(root)/logs/error.log") }
        let text = try String(contentsOfFile: "\(root)/nginx.pid", encoding: .utf8)
        identifier = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    func stop() {
        try? life.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Writes a file for GETs.
    func write(_ number: Int, size: Int) throws {
        try Data(repeating: UInt8(number % 251), count: size).write(to: URL(filePath: "\(root)/stored/\(number)"))
    }

    /// Removes the files.
    func empty() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/stored")) ?? [] {
            try? FileManager.default.removeItem(atPath: "\(root)/stored/\(name)")
        }
    }

    /// In one process, so that its processor time can be read; otherwise as nginx's documentation has it for large files.
    private static func configuration(root: String, port: Int) -> String {
        """
        daemon off;
        master_process off;
        pid \(root)/nginx.pid;
        events { worker_connections 512; }
        http {
            keepalive_requests 1000000;
            access_log off;
            sendfile on;
            tcp_nopush on;
            default_type application/octet-stream;
            client_max_body_size 0;
            client_body_temp_path \(root)/bodies;
            server {
                listen 127.0.0.1:\(port);
                root \(root);
                location /stored/ { dav_methods PUT; }
            }
        }
        """
    }

    private static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard isBound else { throw BenchmarkFailure("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func listens(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }
}
