import BkendWire
import Foundation

/// Which of an app's stores was opened last: whose it is when nobody can say who is signed in.
extension StoreLocation {
    /// The owner of the store that was opened last under a name, `""` for a guest's; nil when nobody can say.
    static func latestOwner(root: String, name: String) -> String? {
        let parent = root + "/" + name
        if let bytes = try? Data(contentsOf: URL(filePath: parent + "/" + latestName)),
            let number = Int(String(decoding: bytes, as: UTF8.self)), number > 0
        {
            let location = StoreLocation(folder: parent + "/\(number)")
            if location.isFolder, let owner = try? location.holder() { return owner }
        }
        // Made by a version that didn't take note: the only user that there is.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        let owners = numbers(in: names).compactMap { number -> String? in
            let location = StoreLocation(folder: parent + "/\(number)")
            return location.isFolder ? try? location.holder() : nil
        }
        let users = owners.filter { !$0.isEmpty }
        return users.count == 1 ? users[0] : nil
    }

    /// Takes note that this store was opened. A disk that is full keeps no store closed.
    package func noteLatest() {
        let store = URL(filePath: folder)
        let path = store.deletingLastPathComponent().path + "/" + Self.latestName
        let number = Data(store.lastPathComponent.utf8)
        if (try? Data(contentsOf: URL(filePath: path))) == number { return }
        try? StoreFolder.write(Array(number), to: path)
    }

    private static let latestName = "latest"
}
