import Foundation
import Testing

/// The commands of a document, and what it says that they print.
struct Walkthrough {
    struct Block {
        var commands: [String] = []
        /// What stands below it as text; nil for nothing.
        var output: [String]?
    }

    private(set) var blocks: [Block] = []

    /// Reads the blocks marked `sh`, each with the block marked `text` that follows it.
    init(_ document: String) {
        var kind = ""
        for line in document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                kind = kind.isEmpty ? String(line.dropFirst(3)) : ""
                if kind == "sh" { blocks.append(Block()) }
                if kind == "text" { blocks[blocks.count - 1].output = [] }
            } else if kind == "sh" {
                blocks[blocks.count - 1].commands.append(line)
            } else if kind == "text" {
                blocks[blocks.count - 1].output?.append(line)
            }
        }
    }

    /// Leaves blocks out.
    mutating func removeBlocks(where isLeftOut: (Block) -> Bool) { blocks.removeAll(where: isLeftOut) }

    /// Runs the commands in one shell, and gives what each block printed.
    func run(in folder: URL, changing: (String) -> String = { $0 }) async throws -> [[String]] {
        let mark = "-- end of block --"
        var script = ""
        for block in blocks { script += block.commands.map(changing).joined(separator: "\n") + "\necho '\(mark)'\n" }
        let path = folder.appending(path: "walkthrough.sh").path
        try Data(script.utf8).write(to: URL(fileURLWithPath: path))
        let run = try await SampleProcess.run(URL(fileURLWithPath: "/bin/sh"), [path], in: folder)
        let lines = run.output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        let parts = lines.split(separator: mark, omittingEmptySubsequences: false).map(Array.init)
        return Array(parts.dropLast())
    }
}

extension Walkthrough {
    /// Runs the commands of a page in a folder of their own, beside a link to the samples, and expects each block to print
    /// what stands there. Commands that build are left out; the port 8420 is another one.
    static func check(_ page: URL, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let port = try ReservedPort()
        try await withFolder { folder in
            let samples = SampleProcess.package.appending(path: "Samples")
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "Samples"), withDestinationURL: samples)
            var walkthrough = Walkthrough(try String(contentsOf: page, encoding: .utf8))
            walkthrough.removeBlocks { $0.commands.contains { $0.hasPrefix("swift build") } }
            let outputs = try await walkthrough.run(in: folder) { $0.replacing("8420", with: "\(port.number)") }
            #expect(
                outputs.count == walkthrough.blocks.count && outputs.count > 5, "a block didn't end",
                sourceLocation: sourceLocation)
            for (block, lines) in zip(walkthrough.blocks, outputs) {
                let commands = block.commands.joined(separator: "\n")
                #expect(
                    block.agrees(with: lines), "\(commands)\nprinted:\n\(lines.joined(separator: "\n"))",
                    sourceLocation: sourceLocation)
            }
        }
    }
}

extension Walkthrough.Block {
    /// Whether lines are as the document says: `…` stands for any text, on a line of its own for any lines.
    func agrees(with lines: [String]) -> Bool { output.map { Self.agree($0[...], lines[...]) } ?? true }

    private static func agree(_ wanted: ArraySlice<String>, _ lines: ArraySlice<String>) -> Bool {
        guard let first = wanted.first else { return lines.isEmpty }
        if first == "…" {
            return (lines.startIndex...lines.endIndex).contains { agree(wanted.dropFirst(), lines[$0...]) }
        }
        guard let line = lines.first, matches(first, line) else { return false }
        return agree(wanted.dropFirst(), lines.dropFirst())
    }

    /// Whether a line is as said.
    private static func matches(_ wanted: String, _ line: String) -> Bool {
        let parts = wanted.components(separatedBy: "…")
        guard parts.count > 1 else { return wanted == line }
        guard line.hasPrefix(parts[0]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
