import BkendWire
import Foundation

extension DataFolder {
    /// Makes a data folder of one project and environment. It is there as a whole or not at all.
    ///
    /// - Throws: `OperatorError` when the folder is initialised already, holds other files, or can't be written.
    package static func create(at path: String, name: EnvironmentName, now: Timestamp) throws -> Created {
        try PrivateFile.makeFolder(path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw OperatorError("\(path) is not a folder", .present)
        }
        let control = path + "/control.sqlite"
        if access(control, F_OK) == 0 { throw alreadyInitialised(path) }
        let contents: [String]
        do { contents = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw OperatorError("can't read the folder \(path)", .storage)
        }
        guard contents.allSatisfy({ $0 == "lost+found" || $0.hasPrefix("control.new.") }) else {
            throw OperatorError("\(path) holds other files; give an empty or new folder", .present)
        }
        let draft = path + "/control.new.\(getpid())"
        // What an interrupted attempt of a process with this number has left.
        unlink(draft)
        let keys = try createControl(at: draft) { session in
            let project = try ControlStore.addProject(name.project, now: now, in: session)
            return try ControlStore.addEnvironment(name, project: project, now: now, in: session)
        }
        guard try PrivateFile.publish(draft, as: control) else { throw alreadyInitialised(path) }
        chmod(path, 0o700)
        return keys
    }

    private static func alreadyInitialised(_ path: String) -> OperatorError {
        OperatorError("\(path) is a bkend data folder already; nothing was changed", .present)
    }
}
