import BkendModelWriter
import Foundation

/// What the plugin `generate-bkend-models` runs: `bkend generate swift` for files, without what a whole command needs.
///
///     bkend-models [--check] [--access LEVEL] [--name TABLE=TYPE]… TABLES.json OUTPUT.swift
///
/// Exit status 1 if `--check` finds another file, otherwise as `bkend` has them.
@main
struct Main {
    static func main() {
        do { try run(CommandLine.arguments.dropFirst()) } catch {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            exit(status(of: error.reason))
        }
    }

    private static func run(_ arguments: ArraySlice<String>) throws(ModelFailure) {
        var arguments = arguments
        var (names, files): ([String], [String]) = ([], [])
        var access = ModelWriter.Access.internal
        var checks = false
        while let argument = arguments.popFirst() {
            switch argument {
            case "--check": checks = true
            case "--access":
                guard let level = arguments.popFirst().flatMap(ModelWriter.Access.init) else {
                    throw ModelFailure(.usage, "--access is internal, package or public")
                }
                access = level
            case "--name": names.append(arguments.popFirst() ?? "")
            case _ where argument.hasPrefix("-"): throw ModelFailure(.usage, "there is no option \(argument)")
            default: files.append(argument)
            }
        }
        guard files.count == 2 else { throw ModelFailure(.usage, "give a file of definitions and the file to write") }
        let text = try ModelNames(names).text(of: DefinitionFile(path: files[0]).tables, access: access)
        let file = ModelFile(path: files[1])
        // Printed: the lines are for whoever runs the plugin, and SwiftPM shows them.
        if checks {
            try file.check(text)
            print("\(files[1]) is up to date")
        } else {
            print(try file.write(text) ? "wrote \(files[1])" : "\(files[1]) was up to date")
        }
    }

    private static func status(of reason: ModelFailure.Reason) -> Int32 {
        switch reason {
        case .outdated: 1
        case .usage: 64
        case .data: 65
        case .missing: 66
        case .output: 74
        }
    }
}
