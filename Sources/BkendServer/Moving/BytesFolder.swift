import BkendWire
import Crypto
import Foundation

/// A folder with the bytes of files, wherever in it they lie: found by their key, or by name and size.
struct BytesFolder {
    private let path: String
    /// Files by the last part of their path, with their sizes.
    private let files: [String: [(path: String, size: Int)]]

    /// How many files are looked at: what an operator gives by mistake, `/` for example, ends here.
    private static let mostFiles = 10_000_000

    /// Reads a folder's names; links aren't followed.
    ///
    /// - Throws: `OperatorError` when it is none.
    init(_ path: String) throws(OperatorError) {
        guard FileStatus(path)?.isFolder == true else { throw OperatorError("\(path) is not a folder", .missing) }
        self.path = path
        var files: [String: [(path: String, size: Int)]] = [:]
        let keys: Set<URLResourceKey> = [.isRegularFileKey, .fileSizeKey]
        let all = FileManager.default.enumerator(
            at: URL(fileURLWithPath: path), includingPropertiesForKeys: Array(keys))
        var count = 0
        while let url = all?.nextObject() as? URL {
            guard let values = try? url.resourceValues(forKeys: keys), values.isRegularFile == true else { continue }
            count += 1
            guard count <= Self.mostFiles else {
                throw OperatorError(
                    "\(path) holds more than \(Self.mostFiles) files; give the folder of the bytes alone")
            }
            files[url.lastPathComponent, default: []].append((url.path, values.fileSize ?? 0))
        }
        self.files = files
    }

    /// The file with the bytes of a record.
    ///
    /// - Throws: `RecordIntake.Refusal` when there is none, or it can't be told which it is.
    func file(of record: ImportedFile) throws -> String {
        let byID = "\(path)/\(Self.byID)/\(record.id)"
        let byKey = FileStatus(byID)?.isFile == true ? byID : "\(path)/\(record.key)"
        if hasNoLink(byKey), let status = FileStatus(byKey), status.isFile {
            let size = (try? InputFile(plain: byKey))?.length
            guard size == record.size else {
                throw RecordIntake.Refusal(
                    "size", "bytes", "\(byKey) has \(size ?? 0) bytes, and the record says \(record.size)")
            }
            return byKey
        }
        var names = [record.key.split(separator: "/").last.map { String($0) } ?? "", record.name]
        if names[0] == names[1] { names.removeLast() }
        let found = names.flatMap { files[$0] ?? [] }
        let fitting = found.filter { $0.size == record.size }.map(\.path)
        guard let first = fitting.first else {
            let others = found.isEmpty ? "" : "; \(found[0].path) has \(found[0].size)"
            throw RecordIntake.Refusal(
                "s3Key", "bytes",
                "the bytes are missing: there is no file \(record.key), and none called \(names.joined(separator: " or ")) "
                    + "of \(record.size) bytes\(others)")
        }
        if fitting.count == 1 { return first }
        let digests = try fitting.map { try Self.digest(of: $0) }
        if let expected = record.sha256, let index = digests.firstIndex(of: expected) { return fitting[index] }
        guard record.sha256 == nil, Set(digests).count == 1 else {
            throw RecordIntake.Refusal(
                "s3Key", "ambiguous",
                "the bytes could be \(fitting.prefix(5).joined(separator: " or ")); put the right one at \(byKey)")
        }
        return first
    }

    /// The folder in it that an export puts bytes in whose key can't be a path beside the others.
    static let byID = "by-id"

    /// Whether no part of a path below the folder is a link: what one leads to wasn't given to us.
    private func hasNoLink(_ file: String) -> Bool {
        var place = path
        for part in file.dropFirst(path.count).split(separator: "/") {
            place += "/\(part)"
            if FileStatus(place)?.isLink == true { return false }
        }
        return true
    }

    private static func digest(of path: String) throws -> Data {
        let file = try InputFile(plain: path)
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = try buffer.withUnsafeMutableBytes { try file.read($0) }
            guard got > 0 else { return Data(hash.finalize()) }
            hash.update(data: buffer[..<got])
        }
    }
}
