import ArgumentParser
import Foundation
import Hummingbird
import Logging
import NIOCore
import Servers

/// Hummingbird routes that return bytes from memory, on a free port. Writes read their body, and keep nothing.
struct ServePlain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-plain", abstract: "The routes that the server is compared with.", shouldDisplay: false)

    @Argument(help: "A file with the answer to a GET or a write of a record.") var point: String
    @Argument(help: "A file with the answer to a list.") var list: String

    func run() async throws {
        Parent.endWithIt()
        let point = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: point)))
        let list = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: list)))
        let router = Router()
        router.get("/v1/data/:table/:id") { _, _ in Self.response(point) }
        router.get("/v1/data/:table") { _, _ in Self.response(list) }
        router.post("/v1/data/:table") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return Self.response(point, .created)
        }
        router.patch("/v1/data/:table/:id") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return Self.response(point)
        }
        var logger = Logger(label: "plain")
        logger.logLevel = .warning
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in Parent.tell(channel.localAddress?.port ?? 0) }, logger: logger)
        try await application.runService()
    }

    private static func response(_ bytes: ByteBuffer, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: bytes))
    }
}
