import Foundation

/// The file that rejected records go to, one JSON object a line; made with the first of them.
package final class RejectFile {
    /// The file's path.
    package let path: String
    private var descriptor: Int32 = -1

    /// A file at a path; one that is there is written anew once there is something to write.
    ///
    /// - Throws: `OperatorError` when a link or a folder has the path.
    package init(_ path: String) throws(OperatorError) {
        self.path = path
        try PrivateFile.checkNoLink(path)
        if FileStatus(path)?.isFolder == true {
            throw OperatorError("\(path) is a folder; give the path of a file", .usage)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether something was written.
    package var exists: Bool { descriptor >= 0 }

    /// Adds a line.
    ///
    /// - Throws: `OperatorError` when the file can't be written.
    package func add(_ record: RejectedRecord) throws {
        if descriptor < 0 {
            descriptor = try PrivateFile.openAnew(path)
        }
        try OutputFile.write(record.line, to: descriptor, path: path)
    }
}
