import BkendDocuments
import BkendWire
import Foundation

/// The file beside a store that says that it is damaged, and how far setting it aside has come.
///
/// It stays until the new store holds what could be salvaged, so that a kill anywhere between leaves work that the next
/// opening takes up: each step can be done twice.
struct DamageMark: Equatable {
    /// What was found.
    var reason: String
    /// The number in the names that the damaged files get, once it is chosen.
    var number: Int?
    /// Whether the damaged files have those names. What lies at the store's own path then is the new store.
    var isMoved = false

    /// The mark beside a store, nil for none.
    static func read(beside path: String) -> DamageMark? {
        guard access(file(path), F_OK) == 0 else { return nil }
        let text = (try? Data(contentsOf: URL(fileURLWithPath: file(path)))).map { Array($0) } ?? []
        // Without a readable step nothing was moved yet: steps are written whole.
        let json = try? DocumentReader.object(text)
        return DamageMark(
            reason: json?["reason"]?.stringValue ?? "damage was found",
            number: json?["number"]?.intValue.flatMap { Int(exactly: $0) },
            isMoved: json?["isMoved"]?.boolValue ?? false)
    }

    /// Marks a store as damaged unless it is marked. Where that fails, the next opening has to meet the damage itself.
    static func note(_ reason: String, beside path: String) {
        let descriptor = open(file(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 { return }
        defer { close(descriptor) }
        let text = DamageMark(reason: reason).text
        _ = text.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Puts the mark on disk in one piece.
    func write(beside path: String) throws { try StoreFolder.write(text, to: Self.file(path)) }

    /// Takes the mark away for good: were it back after a power cut, the new store would pass for a half-made one.
    static func remove(beside path: String) throws {
        guard unlink(file(path)) == 0 || errno == ENOENT else {
            throw StorageError(path: file(path), reason: .cannotOpen(errno: errno))
        }
        try StoreFolder.sync(of: path)
    }

    private static func file(_ path: String) -> String { path + ".damaged" }

    private var text: [UInt8] {
        var json: JSONObject = ["reason": .string(reason), "isMoved": .bool(isMoved)]
        if let number { json["number"] = .int(Int64(number)) }
        return json.serialized()
    }
}
