import BkendWire
import Foundation

/// Inputs to start from: the queries that the oracle froze.
enum FilterSeeds {
    static func write(from files: some Sequence<String>, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var count = 0
        for file in files {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            for line in text.split(separator: "\n") {
                let set = try JSON(parsing: String(line), limits: JSONLimits(depth: 64))
                for query in set["queries"]?.arrayValue ?? [] {
                    let values = FilterInput.parameters.map { query["parameters"]?[$0]?.stringValue ?? "" }
                    let seed = Data(values.joined(separator: "\n").utf8)
                    try seed.write(to: folder.appending(path: "seed-\(count)"))
                    count += 1
                }
            }
        }
    }
}
