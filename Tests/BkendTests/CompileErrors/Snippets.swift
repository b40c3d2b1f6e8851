import Foundation

/// Runs the compiler over snippets, against the modules that the tests were built with.
enum Snippets {
    struct Failure: Error { var what: String }

    /// The compiler of the search path.
    static let compiler: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/swiftc" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The folder of the products, with `Modules` and the macros' plugin in it.
    static let debug: String? = {
        // `.build/debug` is a link; the packages lie two folders above where it leads.
        let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let folder = program.deletingLastPathComponent().path
        let needed = [folder + "/Modules/Bkend.swiftmodule", plugin(in: folder)]
        return needed.allSatisfy { FileManager.default.fileExists(atPath: $0) } ? folder : nil
    }()

    /// Far more than the compiler takes, which is seconds; without the mended overloads it was minutes.
    private static let limit = Duration.seconds(120)

    /// The errors by file, in order; of the whole run without any.
    ///
    /// - Parameter withLines: whether each begins with its line's number and a colon.
    static func check(_ sources: [String: String], withLines: Bool = false) async throws -> [String: [String]] {
        guard let compiler, let debug else { throw Failure(what: "no compiler, or no modules") }
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-snippets-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in sources { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        let files = sources.keys.sorted().map { "\(folder)/\($0)" }
        let text = try await run(compiler, arguments(debug) + files)
        var errors: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            guard let mark = line.range(of: ": error: ") ?? line.range(of: "error: ") else { continue }
            let place = line[..<mark.lowerBound].split(separator: ":")
            guard line.hasPrefix("/"), place.count == 3, let path = place.first else {
                // What is drawn under the source repeats the error; what has no place concerns all.
                if line.hasPrefix("<unknown>") { throw Failure(what: String(line)) }
                continue
            }
            let words = line[mark.upperBound...]
            errors[URL(filePath: String(path)).lastPathComponent, default: []]
                .append(withLines ? "\(place[1]): \(words)" : String(words))
        }
        return errors
    }

    private static func plugin(in folder: String) -> String { folder + "/BkendMacros-tool" }

    private static func arguments(_ debug: String) -> [String] {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized.path
        let build = URL(filePath: debug).deletingLastPathComponent().deletingLastPathComponent().path
        let maps =
            ["CSQLite", "CCurl", "CPCRE2"].map { "\(package)/Sources/\($0)/module.modulemap" }
            + ["\(build)/checkouts/GRDB.swift/Sources/GRDBSQLite/module.modulemap"]
        return [
            "-typecheck", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", "Snippets",
            "-package-name", "snippets",
            "-diagnostic-style", "llvm", "-I", debug + "/Modules", "-load-plugin-executable",
            plugin(in: debug) + "#BkendMacros",
        ] + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }

    /// What the compiler told; it is ended when it takes too long.
    private static func run(_ compiler: String, _ arguments: [String]) async throws -> String {
        let output = FileManager.default.temporaryDirectory.appending(path: "bkend-compiler-\(UUID())").path
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: output) }
        guard let handle = FileHandle(forWritingAtPath: output) else { throw Failure(what: "no output") }
        let process = Process()
        process.executableURL = URL(filePath: compiler)
        process.arguments = arguments
        process.standardError = handle
        process.standardOutput = handle
        let isOver = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in isOver.continuation.finish() }
        try process.run()
        let timer = Task {
            try await Task.sleep(for: limit)
            process.terminate()
        }
        for await _ in isOver.stream {}
        timer.cancel()
        guard process.terminationReason == .exit else { throw Failure(what: "the compiler took more than \(limit)") }
        return try String(contentsOfFile: output, encoding: .utf8)
    }
}
