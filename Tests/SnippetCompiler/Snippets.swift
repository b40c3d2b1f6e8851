import Foundation

/// Runs the compiler over snippets, against the modules that the tests were built with.
package enum Snippets {
    package struct Failure: Error { package let what: String }

    /// The compiler of the search path.
    package static let compiler: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/swiftc" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The folder of the products, with `Modules` and the macros' plugin in it.
    package static let debug: String? = {
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
    package static func check(_ sources: [String: String], withLines: Bool = false) async throws -> [String: [String]] {
        guard let compiler, let debug else { throw Failure(what: "no compiler, or no modules") }
        let text = try await withFiles(sources) { _, files in
            try await run(compiler, ["-typecheck"] + arguments(debug) + files).text
        }
        return try errors(in: text, withLines: withLines)
    }

    /// Compiles a program that uses `Bkend`, and runs it.
    ///
    /// - Parameter input: what its standard input holds.
    /// - Returns: what it printed, or the compiler's errors by file.
    package static func run(
        _ sources: [String: String], input: String
    ) async throws -> (output: String, errors: [String: [String]]) {
        guard let compiler, let debug else { throw Failure(what: "no compiler, or no modules") }
        return try await withFiles(sources) { folder, files in
            let program = folder + "/program"
            let flags = ["-Onone", "-o", program, "-lcurl", "-lsqlite3", "-lpcre2-8"] + (try objects(debug))
            let compiled = try await run(compiler, arguments(debug) + files + flags)
            if compiled.status != 0 {
                let errors = try errors(in: compiled.text, withLines: true)
                if errors.isEmpty { throw Failure(what: compiled.text) }
                return ("", errors)
            }
            try input.write(toFile: folder + "/input", atomically: true, encoding: .utf8)
            let ended = try await run(program, [], input: folder + "/input")
            guard ended.status == 0 else { throw Failure(what: "status \(ended.status): \(ended.text)") }
            return (ended.text, [:])
        }
    }

    private static func withFiles<Result>(
        _ sources: [String: String], _ body: (_ folder: String, _ files: [String]) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-snippets-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in sources { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        return try await body(folder, sources.keys.sorted().map { "\(folder)/\($0)" })
    }

    /// The objects of `Bkend` and of what it uses: those that a sample is linked from, without its own.
    private static func objects(_ debug: String) throws -> [String] {
        let list = try String(contentsOfFile: debug + "/groceries.product/Objects.LinkFileList", encoding: .utf8)
        return list.split(separator: "\n").map { String($0.replacing("'", with: "")) }
            .filter { !$0.contains("/groceries.build/") }
    }

    private static func errors(in text: String, withLines: Bool) throws -> [String: [String]] {
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
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path
        let build = URL(filePath: debug).deletingLastPathComponent().deletingLastPathComponent().path
        let maps =
            ["CSQLite", "CCurl", "CPCRE2"].map { "\(package)/Sources/\($0)/module.modulemap" }
            + ["\(build)/checkouts/GRDB.swift/Sources/GRDBSQLite/module.modulemap"]
        return [
            "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", "Snippets",
            "-package-name", "snippets",
            "-diagnostic-style", "llvm", "-I", debug + "/Modules", "-load-plugin-executable",
            plugin(in: debug) + "#BkendMacros",
        ] + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }

    /// What a program printed, and its exit status; it is ended when it takes too long.
    private static func run(
        _ program: String, _ arguments: [String], input: String = "/dev/null"
    ) async throws -> (text: String, status: Int32) {
        let output = FileManager.default.temporaryDirectory.appending(path: "bkend-compiler-\(UUID())").path
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: output) }
        guard let handle = FileHandle(forWritingAtPath: output), let source = FileHandle(forReadingAtPath: input) else {
            throw Failure(what: "no output, or no input")
        }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = source
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
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard process.terminationReason == .exit else { throw Failure(what: "\(program) was ended: \(text)") }
        return (text, process.terminationStatus)
    }
}
