import BkendStorage
import BkendWire

/// A project or environment as lists show it.
package struct PlaceEntry: Hashable, Sendable {
    /// The project's name.
    package let project: String
    /// The environment's name, nil where a whole project is meant.
    package let environment: String?
    /// When it was made.
    package let createdAt: String
    /// How many environments a project has; how many keys of an environment have not been revoked.
    package let count: Int
}

extension ControlStore {
    /// The environments of the folder, by name.
    package func environments() throws -> [EnvironmentName] {
        try database.readNow { session in
            try session.all(ControlSQL.environmentNames) {
                try EnvironmentName(project: $0.text(0), environment: $0.text(1))
            }
        }
    }

    /// The environment that a command is about: the project may be left out when the folder has only one.
    ///
    /// - Throws: `OperatorError` when there is none of that name, or several projects to choose from.
    package func environment(project: String?, environment: String) throws -> EnvironmentName {
        try Self.environment(environment, of: self.project(project), among: environments())
    }

    /// The environment of that name, among those of a folder.
    ///
    /// - Throws: `OperatorError` when it isn't one of them.
    static func environment(
        _ environment: String, of project: String, among known: [EnvironmentName]
    ) throws(OperatorError) -> EnvironmentName {
        let name = try EnvironmentName(project: project, environment: environment)
        guard known.contains(name) else {
            let names = known.map(\.description).joined(separator: ", ")
            throw OperatorError("the folder has no environment \(name); it has \(names)", .missing)
        }
        return name
    }

    /// The project that a command is about: the only one when none is named.
    ///
    /// - Throws: `OperatorError` when there is none of that name, or several to choose from.
    package func project(_ name: String?) throws -> String {
        try Self.project(name, of: projects().map(\.project))
    }

    /// The project of that name, or the only one when none is named.
    ///
    /// - Parameter known: the projects of the folder.
    /// - Throws: `OperatorError` when there is none of that name, or several to choose from.
    static func project(_ name: String?, of known: [String]) throws(OperatorError) -> String {
        guard let name = name ?? (known.count == 1 ? known.first : nil) else {
            throw OperatorError(
                "the folder has several projects (\(known.joined(separator: ", "))): give --project", .usage)
        }
        guard known.contains(where: { $0.hasSameBytes(as: name) }) else {
            throw OperatorError("the folder has no project \(name); it has \(known.joined(separator: ", "))", .missing)
        }
        return name
    }

    /// The projects of the folder, by name.
    package func projects() throws -> [PlaceEntry] {
        try database.readNow { session in
            try session.all(ControlSQL.projects) {
                PlaceEntry(project: $0.text(0), environment: nil, createdAt: $0.text(1), count: Int($0.int(2)))
            }
        }
    }

    /// The environments of one project, or of all, by name.
    package func environments(of project: String?) throws -> [PlaceEntry] {
        if let project { _ = try self.project(project) }
        return try database.readNow { session in
            try session.all(
                project == nil ? ControlSQL.environments : ControlSQL.environmentsOfProject,
                arguments: project.map { [.text($0)] } ?? []
            ) {
                PlaceEntry(
                    project: $0.text(0), environment: $0.text(1), createdAt: $0.text(2), count: Int($0.int(3)))
            }
        }
    }

    /// Makes a project with its first environment and keys.
    ///
    /// - Throws: `OperatorError` when there is one of that name.
    package func createProject(_ name: EnvironmentName, now: Timestamp) throws -> DataFolder.Created {
        try database.writeNow { session in
            if try Self.id(ofProject: name.project, in: session) != nil {
                throw OperatorError("the folder has a project \(name.project) already; nothing was changed", .present)
            }
            let project = try Self.addProject(name.project, now: now, in: session)
            return try Self.addEnvironment(name, project: project, now: now, in: session)
        }
    }

    /// Makes an environment of a project, with its first keys.
    ///
    /// - Throws: `OperatorError` when there is no such project, or one has such an environment.
    package func createEnvironment(_ name: EnvironmentName, now: Timestamp) throws -> DataFolder.Created {
        try database.writeNow { session in
            guard let project = try Self.id(ofProject: name.project, in: session) else {
                throw OperatorError("the folder has no project \(name.project)", .missing)
            }
            if try Self.id(of: name, in: session) != nil {
                throw OperatorError("the folder has an environment \(name) already; nothing was changed", .present)
            }
            return try Self.addEnvironment(name, project: project, now: now, in: session)
        }
    }

    /// Notes that an environment has files whose keys may be of any form: a server looks for such keys there.
    func markImportedFiles(_ name: EnvironmentName) throws {
        let isMarked = try database.readNow { session in
            try session.first(ControlSQL.isMarked, name.project, name.environment) { $0.int(0) != 0 }
        }
        if isMarked == true { return }
        try database.writeNow { session in
            guard let id = try Self.id(of: name, in: session) else {
                throw OperatorError("the folder has no environment \(name)", .missing)
            }
            try session.execute(ControlSQL.markImportedFiles, id)
        }
    }

    static func id(of name: EnvironmentName, in session: any SQLSession) throws -> Int64? {
        try session.first(ControlSQL.environmentID, name.project, name.environment) { $0.int(0) }
    }

    private static func id(ofProject name: String, in session: any SQLSession) throws -> Int64? {
        try session.first(ControlSQL.projectID, name) { $0.int(0) }
    }

    static func addProject(_ name: String, now: Timestamp, in session: any SQLTransaction) throws -> Int64 {
        try inserted(session.returning(ControlSQL.insertProject, name, now.description) { $0.int(0) })
    }

    static func addEnvironment(
        _ name: EnvironmentName, project: Int64, now: Timestamp, in session: any SQLTransaction
    ) throws -> DataFolder.Created {
        let environment = try inserted(
            session.returning(ControlSQL.insertEnvironment, project, name.environment, now.description) { $0.int(0) })
        var random = SystemRandomNumberGenerator()
        let keys = [APIKey(.publishable, using: &random), APIKey(.secret, using: &random)]
        for key in keys { _ = try insert(key, NewKey(), environment: environment, now: now, in: session) }
        return DataFolder.Created(name: name, publishableKey: keys[0].text, secretKey: keys[1].text)
    }

    /// The number of a row that was inserted.
    static func inserted(_ id: Int64?) throws -> Int64 {
        guard let id else { throw StorageFailure(.other, message: "an insert returned no row") }
        return id
    }
}
