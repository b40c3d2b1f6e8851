import Foundation
import PackagePlugin

/// `swift package generate-bkend-models`: writes `Models.swift` beside the `tables.json` of each target that has one.
@main
struct GenerateBkendModels: CommandPlugin {
    struct Mistake: Error, CustomStringConvertible { var description: String }

    func performCommand(context: PluginContext, arguments: [String]) async throws {
        var rest = ArgumentExtractor(arguments)
        if rest.extractFlag(named: "help") > 0 { return print(Self.help) }
        let wanted = rest.extractOption(named: "target")
        let tables = rest.extractOption(named: "tables")
        let outputs = rest.extractOption(named: "output")
        var options = rest.extractOption(named: "access").flatMap { ["--access", $0] }
        options += rest.extractOption(named: "name").flatMap { ["--name", $0] }
        let checks = rest.extractFlag(named: "check") > 0
        if checks { options.append("--check") }
        if let unknown = rest.remainingArguments.first {
            throw Mistake(description: "there is no argument \(unknown)\n\(Self.help)")
        }
        let tool = try context.tool(named: "bkend-models").url
        let root = context.package.directoryURL
        var failed: [String] = []
        for (source, output) in try Self.files(in: context.package, wanted, tables, outputs) {
            let process = Process()
            process.executableURL = tool
            process.currentDirectoryURL = root
            process.arguments = options + [Self.path(source, in: root), Self.path(output, in: root)]
            try process.run()
            process.waitUntilExit()
            if process.terminationReason != .exit || process.terminationStatus != 0 {
                failed.append(Self.path(output, in: root))
            }
        }
        if !failed.isEmpty {
            let files = failed.joined(separator: ", ")
            throw Mistake(description: checks ? "not up to date: \(files)" : "not written: \(files)")
        }
    }

    /// The files to read, each with the one to write.
    private static func files(
        in package: Package, _ wanted: [String], _ tables: [String], _ outputs: [String]
    ) throws -> [(URL, URL)] {
        if !tables.isEmpty || !outputs.isEmpty {
            guard tables.count == 1, outputs.count == 1, wanted.isEmpty else {
                throw Mistake(description: "--tables and --output go together, once, and without --target")
            }
            let root = package.directoryURL
            return [(URL(filePath: tables[0], relativeTo: root), URL(filePath: outputs[0], relativeTo: root))]
        }
        let modules = package.targets.compactMap { $0 as? SwiftSourceModuleTarget }
        for name in wanted where !modules.contains(where: { $0.name == name }) {
            throw Mistake(description: "the package has no Swift target \(name)")
        }
        let found = modules.filter { wanted.isEmpty || wanted.contains($0.name) }.compactMap { target in
            let definitions = target.directoryURL.appending(path: "tables.json")
            let exists = FileManager.default.fileExists(atPath: definitions.path)
            return exists ? (definitions, target.directoryURL.appending(path: "Models.swift")) : nil
        }
        if found.isEmpty {
            let place = wanted.isEmpty ? "no target" : "none of the targets"
            throw Mistake(
                description: "\(place) has a file tables.json; name one with --tables, and a file with --output")
        }
        return found
    }

    /// The path from the package's folder, where it lies in it.
    private static func path(_ file: URL, in root: URL) -> String {
        let (path, folder) = (file.standardizedFileURL.path, root.standardizedFileURL.path + "/")
        return path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    }

    private static let help = """
        swift package generate-bkend-models [--check] [--target NAME]… [--access LEVEL] [--name TABLE=TYPE]…
        swift package generate-bkend-models --tables FILE --output FILE [--check] …

        Writes the models of tables as `bkend generate swift` does: Models.swift beside the tables.json of each target
        that has one (--target: of these only), or one file from another. --check writes nothing and fails if a file
        isn't what would be written.
        """
}
