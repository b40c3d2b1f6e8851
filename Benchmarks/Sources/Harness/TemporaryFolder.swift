import Foundation

/// A folder for one measurement. Whoever makes it removes it: a reference may end before the files are no longer used.
package final class TemporaryFolder {
    /// Its path.
    package let path: String
    private var files = 0

    /// Makes one.
    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "bkend-benchmark-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Removes it with all that it holds.
    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, and gives its path.
    package func write(_ bytes: [UInt8]) throws -> String {
        files += 1
        let file = "\(path)/\(files)"
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    /// The length of a database in it, with its write-ahead log.
    package func size(of database: String) -> Int {
        [database, database + "-wal"].reduce(0) { sum, file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(file)")
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}
