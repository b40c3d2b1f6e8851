import BkendDocuments
import BkendStorage
import BkendWire
import Foundation

extension DataFolder {
    /// The definitions of an environment's tables, by name. The folder is only read: nothing in it is migrated,
    /// and a server may run on it.
    ///
    /// - Parameter project: may be left out when the folder has one.
    /// - Returns: the environment that was read, and its tables.
    /// - Throws: `OperatorError` when it is no data folder, has no such environment, or can't be read.
    package static func definitions(
        at path: String, project: String?, environment: String
    ) throws -> (EnvironmentName, [BkendWire.TableDefinition]) {
        let control = "\(path)/control.sqlite"
        guard access(control, F_OK) == 0 else { throw OperatorError("\(path) is no bkend data folder", .missing) }
        let name = try reading(control) { database in
            guard try database.controlFormat(path: control) > 0 else {
                throw OperatorError("\(control) is empty", .data)
            }
            let projects = try database.session.all(ControlSQL.projects) { $0.text(0) }
            let known = try database.session.all(ControlSQL.environmentNames) {
                try EnvironmentName(project: $0.text(0), environment: $0.text(1))
            }
            let project = try ControlStore.project(project, of: projects)
            return try ControlStore.environment(environment, of: project, among: known)
        }
        let file = "\(path)/environments/\(name.project)/\(name.environment).sqlite"
        // An environment that nobody has used yet has no file.
        guard access(file, F_OK) == 0 else { return (name, []) }
        let tables: [BkendWire.TableDefinition] = try reading(file) { database in
            guard let format = try database.tableFormat() else { return [] }
            guard format <= SQLiteFile.newestTableFormat else {
                throw OperatorError(
                    "\(file) has format \(format), newer than this program knows (\(SQLiteFile.newestTableFormat))",
                    .data)
            }
            return try database.session.all(TableSQL.current) {
                try BkendWire.TableDefinition(JSON(parsing: $0.text(2)))
            }
        }
        return (name, tables)
    }

    private static func reading<Result>(_ file: String, _ body: (SQLiteFile) throws -> Result) throws -> Result {
        try PrivateFile.checkNoLink(file)
        do { return try SQLiteFile.read(file, body) } catch let error as StorageFailure {
            throw OperatorError("\(file) can't be read: \(ServerFailure.line(for: error))", .storage)
        } catch let error as StorageError {
            throw OperatorError("\(file) can't be read: \(error)", .storage)
        }
    }
}
