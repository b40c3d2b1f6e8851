import BkendDocuments
import BkendWire
import Foundation

/// The file beside a store that says that it is damaged, and how far setting it aside has come.
///
/// It stays until the new store holds what could be salvaged, so that a kill anywhere between leaves work that the next
/// opening takes up: each step can be done twice. A mark is a JSON object with the `format` of the store that it was
/// made for, in this version and all later ones; one that was cut off while it was first written says no more than that
/// there is damage.
struct DamageMark: Equatable {
    /// What was found.
    var reason: String
    /// The number in the names that the damaged files get, once it is chosen.
    var number: Int?
    /// Whether the damaged files have those names. What lies at the store's own path then is the new store.
    var isMoved = false
    /// How often the disk failed while the damaged files were read.
    var failures = 0

    /// The mark beside a store, nil for none.
    ///
    /// - Throws: `StoreError.Reason.newerFormat` for a later version's mark, `StorageError` when it can't be read: what a
    ///   mark says must not be guessed, or the outbox would be looked for in the wrong files.
    static func read(beside path: String) throws -> DamageMark? {
        guard try StoreFolder.size(of: file(path)) != nil else { return nil }
        let text = Array(try Data(contentsOf: URL(fileURLWithPath: file(path))))
        // Without a readable step nothing was moved yet: steps are written whole.
        let json = try? DocumentReader.object(text)
        if let format = json?["format"]?.intValue, format > Int64(StoreSchema.format) {
            throw StoreError(.newerFormat(Int(clamping: format)))
        }
        return DamageMark(
            reason: json?["reason"]?.stringValue ?? "damage was found",
            number: json?["number"]?.intValue.flatMap { Int(exactly: $0) },
            isMoved: json?["isMoved"]?.boolValue ?? false,
            failures: json?["failures"]?.intValue.flatMap { Int(exactly: $0) } ?? 0)
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

    /// Takes the mark away. Were it back after a power cut, the next opening would find all done and tell of it again.
    static func remove(beside path: String) throws {
        guard unlink(file(path)) == 0 || errno == ENOENT else {
            throw StorageError(path: file(path), reason: .cannotOpen(errno: errno))
        }
        try? StoreFolder.sync(of: path)
    }

    private static func file(_ path: String) -> String { path + ".damaged" }

    private var text: [UInt8] {
        var json: JSONObject = [
            "format": .int(Int64(StoreSchema.format)), "reason": .string(reason), "isMoved": .bool(isMoved),
        ]
        if failures > 0 { json["failures"] = .int(Int64(failures)) }
        if let number { json["number"] = .int(Int64(number)) }
        return json.serialized()
    }
}
