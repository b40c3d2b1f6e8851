import BkendServer
import Foundation

/// The data folder of the server that is measured.
struct FileFolder {
    private let path: String
    /// A secret key: its files have no owner, and so no limits of a user.
    let key: String

    /// Makes one.
    init(at path: String) throws {
        self.path = path
        let name = try EnvironmentName(
            project: EnvironmentName.defaultProject, environment: EnvironmentName.defaultEnvironment)
        key = try DataFolder.create(at: path, name: name, now: .systemNow).secretKey
    }

    /// What starts a server over it.
    var arguments: [String] { ["serve-bkend", path, "--file-bytes", "\(4_000_000_000)"] }

    /// Removes the bytes of all files, to make room on the disk: the rows stay.
    func empty() {
        let objects = "\(path)/files/\(EnvironmentName.defaultProject)/\(EnvironmentName.defaultEnvironment)"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: objects)) ?? [] where name.count == 32 {
            try? FileManager.default.removeItem(atPath: "\(objects)/\(name)")
        }
    }
}
