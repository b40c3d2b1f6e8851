import Foundation

/// What the system knows of a file. By way of Foundation: which module `struct stat` counts as a member of differs from
/// build to build, and with it whether its members are visible.
struct FileStatus: Sendable {
    /// The permission bits.
    let mode: Int
    /// Whether it is a file, not a folder, a link, or anything else.
    let isFile: Bool
    /// Whether it is a symbolic link.
    let isLink: Bool
    /// Whether it is a folder.
    let isFolder: Bool
    /// Who owns it.
    let user: Int, group: Int

    /// The size of a file in bytes; 0 where there is none.
    static func bytes(of path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    /// The status of what a path names, not of what a link there leads to; nil when there is nothing.
    init?(_ path: String) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        func number(_ key: FileAttributeKey) -> Int { (attributes[key] as? NSNumber)?.intValue ?? 0 }
        let type = attributes[.type] as? FileAttributeType
        (isFile, isLink, isFolder) = (type == .typeRegular, type == .typeSymbolicLink, type == .typeDirectory)
        mode = number(.posixPermissions)
        user = number(.ownerAccountID)
        group = number(.groupOwnerAccountID)
    }
}
