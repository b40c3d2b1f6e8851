import Foundation
import Load

/// `attacks`: hostile clients for a server of this machine, and what honest ones notice of them.
///
/// The server has one core of its own, where there are two, and everything else shares the other one. Hostile clients come
/// from other addresses of the loopback network than honest ones.
@main struct Attacks {
    static func main() throws {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            FileHandle.standardError.write(Data((Options.usage + "\n").utf8))
            exit(64)
        }
        let hasCores =
            FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset")
            && ProcessInfo.processInfo.processorCount > 1
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-attacks-\(UUID().uuidString)").path
        defer {
            for path in [folder, folder + ".tables.json"] { try? FileManager.default.removeItem(atPath: path) }
        }
        let keys = try ServerProcess.makeFolder(options.server, at: folder, tables: Target.tables)
        let server = try ServerProcess.start(
            options.server, folder: folder, core: hasCores ? 0 : nil,
            options: ["--rate-limit", "off", "--sign-in-limit", "off", "--body-limit", "2M"])
        var target = Target(port: server.port, keys: keys)
        try target.seed()
        try HonestClients.signUp(at: target)
        Table.show("server \(server.id) on port \(server.port)\(hasCores ? ", on core 0" : "")")
        let isWell =
            switch options.run {
            case .beside: Beside(server: server, target: target, options: options).run()
            case .soak: Soak(server: server, target: target, options: options, folder: folder).run()
            }
        let took = server.isRunning ? server.stop() : .zero
        Table.show("stopped in \(Table.seconds(took)) with status \(server.status)")
        exit(isWell && server.status == 0 ? 0 : 1)
    }
}
