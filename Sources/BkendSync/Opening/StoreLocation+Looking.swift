import BkendWire
import Foundation

/// What is there, for tools that look into an app's stores.
extension StoreLocation {
    /// The owners of the stores that an app has under a name, `""` for guests, in the order in which the stores were made.
    /// Nothing is created.
    package static func owners(root: String, name: String) -> [String] {
        let parent = root + "/" + name
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        return numbers(in: names).compactMap { number in
            let location = StoreLocation(folder: parent + "/\(number)")
            guard location.isFolder, FileManager.default.fileExists(atPath: location.path) else { return nil }
            return try? location.holder()
        }
    }

    /// The owner of the store that was opened last under a name; nil where nobody can say.
    package static func lastOwner(root: String, name: String) -> String? { latestOwner(root: root, name: name) }
}
