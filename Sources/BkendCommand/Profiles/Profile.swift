import BkendWire
import Foundation

/// A server and a key under a name, in a folder with the session beside it. Nobody but its user may read either.
struct Profile: Codable, Equatable {
    /// The server's address.
    var server: String
    /// The key.
    var key: String

    /// Where profiles are: `$XDG_CONFIG_HOME/bkend`, or `~/.config/bkend`.
    static func folder(_ environment: [String: String]) -> URL {
        if let path = environment["XDG_CONFIG_HOME"], path.hasPrefix("/") {
            return URL(filePath: path).appending(path: "bkend")
        }
        let home = environment["HOME"].map { URL(filePath: $0) } ?? FileManager.default.homeDirectoryForCurrentUser
        return home.appending(path: ".config/bkend")
    }

    /// - Throws: `CommandFailure` unless a name can be a folder's.
    static func check(_ name: String) throws {
        let isName =
            (1...64).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasPrefix("-")
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard isName else {
            throw CommandFailure(
                "'\(name)' can't be a profile's name; use up to 64 letters, digits, '-', '_' and '.'", .usage)
        }
    }

    /// The profile in a folder, nil where there is none.
    ///
    /// - Throws: `CommandFailure` if it can't be read, or others can read it.
    static func read(from folder: URL) throws -> Profile? {
        let path = folder.appending(path: "profile.json").path
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CommandFailure("\(path) can't be read: \(String(cString: strerror(errno)))")
        }
        guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= 65_536 else {
            throw CommandFailure("\(path) isn't a profile")
        }
        guard info.st_uid == geteuid() else { throw CommandFailure("\(path) belongs to another user", .denied) }
        guard info.st_mode & 0o077 == 0 else {
            throw CommandFailure("other users can read \(path); run chmod 600 on it", .denied)
        }
        guard let bytes = FileManager.default.contents(atPath: path),
            let profile = try? JSON(parsing: [UInt8](bytes)).decode(Profile.self)
        else { throw CommandFailure("\(path) isn't a profile; sign in again, or remove it") }
        return profile
    }

    /// Writes the profile as a whole: a reader sees this one or the one before.
    func write(to folder: URL) throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let draft = folder.appending(path: "profile.json.\(getpid()).new").path
        let path = folder.appending(path: "profile.json").path
        let bytes = try JSON(encoding: self).serialized() + [10]
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(draft) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(bytes))
            try file.synchronize()
            try file.close()
        } catch {
            unlink(draft)
            throw CommandFailure("\(path) can't be written: \(error.localizedDescription)")
        }
        guard rename(draft, path) == 0 else {
            let failure = Self.failure(path)
            unlink(draft)
            throw failure
        }
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure("\(path) can't be written: \(String(cString: strerror(errno)))")
    }
}
