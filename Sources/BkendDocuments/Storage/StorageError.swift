import Foundation

/// Why a database can't be opened.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        /// The file can't be created or opened; the system's error number.
        case cannotOpen(errno: Int32)
        /// The lock between processes can't be taken; the system's error number.
        case cannotLock(errno: Int32)
        /// The path names something else than a plain file.
        case notAPlainFile
        /// The file is a database of another application, or one that was not made here.
        case foreign(applicationID: Int32)
        /// The file was written by a later version of this format.
        case newerFormat(Int)
        /// The file was written by an earlier version, whose format this one doesn't read.
        case olderFormat(Int)
        /// SQLite did not take a setting that safety depends on.
        case settingRefused(String)
    }

    /// The database's path.
    package var path: String
    /// What is wrong.
    package var reason: Reason

    /// A reason at a path.
    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .cannotOpen(let number): "can't open \(path): \(String(cString: strerror(number)))"
        case .cannotLock(let number): "can't lock \(path): \(String(cString: strerror(number)))"
        case .notAPlainFile: "can't open \(path): it is not a plain file"
        case .foreign(let mark):
            "\(path) is not a database of this application (application_id \(mark)); move it away or choose another path"
        case .newerFormat(let version):
            "\(path) was written by a later version (format \(version)); update this program to open it"
        case .olderFormat(let version):
            "\(path) was written by an earlier version (format \(version)), which this one can't read; export its "
                + "records with that version and import them here, or choose another path"
        case .settingRefused(let name): "SQLite refused the setting \(name) for \(path); the database was not opened"
        }
    }
}
