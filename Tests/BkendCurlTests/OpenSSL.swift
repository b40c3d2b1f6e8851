import Foundation
import Synchronization

/// The `openssl` command: makes certificates and runs a TLS server.
enum OpenSSL {
    static let path = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static var isInstalled: Bool { path != nil }

    struct Failed: Error {
        var output: String
    }

    /// A temporary folder with an authority of its own.
    static func folder() async throws -> Folder {
        try await blocking(makeFolder)
    }

    private static func makeFolder() throws -> Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "bkend-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let folder = Folder(url: url)
        try folder.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Authority -days 2 "
                + "-keyout ca.key -out ca.pem")
        return folder
    }

    struct Folder: Sendable {
        let url: URL

        var authority: String { url.appending(path: "ca.pem").path }

        func remove() { try? FileManager.default.removeItem(at: url) }

        func run(_ arguments: String) throws {
            let process = Process()
            process.executableURL = URL(filePath: OpenSSL.path ?? "")
            process.arguments = arguments.split(separator: " ").map(String.init)
            process.currentDirectoryURL = url
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Failed(output: String(decoding: text, as: UTF8.self)) }
        }

        /// A certificate of the folder's authority; with negative `days` one that has run out.
        func certificate(host: String, days: Int = 2) throws -> String {
            try run(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(host) -keyout server.key "
                    + "-out server.csr")
            try "subjectAltName=DNS:\(host)".write(
                to: url.appending(path: "names"), atomically: true, encoding: .utf8)
            try run(
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile names "
                    + "-out server.pem")
            return "server"
        }

        func selfSigned(host: String) throws -> String {
            try run(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(host) -days 2 "
                    + "-addext subjectAltName=DNS:\(host) -keyout self.key -out self.pem")
            return "self"
        }
    }
}

/// `openssl s_server` on a free port. What a client sends comes out of `output`; `input` goes to the client.
final class OpenSSLServer: Sendable {
    private let reserved: ReservedPort
    var port: Int { reserved.number }
    private let process: Process
    private let inputPipe = Pipe()
    private let received = Mutex("")

    /// Makes a certificate and serves with it.
    static func start(
        _ folder: OpenSSL.Folder, _ options: [String],
        certificate: @escaping @Sendable (OpenSSL.Folder) throws -> String
    ) async throws -> OpenSSLServer {
        try await blocking { try OpenSSLServer(folder, certificate(folder), options) }
    }

    private init(_ folder: OpenSSL.Folder, _ certificate: String, _ options: [String]) throws {
        process = Process()
        process.executableURL = URL(filePath: OpenSSL.path ?? "")
        // -quiet says nothing of the port: it is taken from the kernel before.
        reserved = try ReservedPort()
        process.arguments =
            [
                "s_server", "-accept", "127.0.0.1:\(reserved.number)", "-cert", "\(certificate).pem", "-key",
                "\(certificate).key",
            ]
            + options
        process.currentDirectoryURL = folder.url
        let outputPipe = Pipe()
        process.standardInput = inputPipe
        process.standardOutput = outputPipe
        process.standardError = FileHandle.nullDevice
        outputPipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.received.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        try process.run()
        while !RawServer.accepts(port: port) { usleep(2_000) }
    }

    var output: String { received.withLock { $0 } }

    func input(_ bytes: [UInt8]) {
        inputPipe.fileHandleForWriting.write(Data(bytes))
    }

    func stop() {
        // Not SIGTERM: it is blocked on the thread that started the process, and so in the process.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
