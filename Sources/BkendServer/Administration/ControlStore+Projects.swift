import BkendWire
import GRDB

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
        try pool.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT p.name, e.name FROM environments e JOIN projects p ON p.id = e.project ORDER BY 1, 2
                    """)
            return try rows.map { try EnvironmentName(project: $0[0], environment: $0[1]) }
        }
    }

    /// The environment that a command is about: the project may be left out when the folder has only one.
    ///
    /// - Throws: `OperatorError` when there is none of that name, or several projects to choose from.
    package func environment(project: String?, environment: String) throws -> EnvironmentName {
        let known = try environments()
        let name = try EnvironmentName(project: try self.project(project), environment: environment)
        guard known.contains(name) else {
            let names = known.map(\.description).joined(separator: ", ")
            throw OperatorError("the folder has no environment \(name); it has \(names)")
        }
        return name
    }

    /// The project that a command is about: the only one when none is named.
    ///
    /// - Throws: `OperatorError` when there is none of that name, or several to choose from.
    package func project(_ name: String?) throws -> String {
        let known = try projects().map(\.project)
        guard let name = name ?? (known.count == 1 ? known.first : nil) else {
            throw OperatorError("the folder has several projects (\(known.joined(separator: ", "))): give --project")
        }
        guard known.contains(where: { $0.hasSameBytes(as: name) }) else {
            throw OperatorError("the folder has no project \(name); it has \(known.joined(separator: ", "))")
        }
        return name
    }

    /// The projects of the folder, by name.
    package func projects() throws -> [PlaceEntry] {
        try pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name, createdAt, (SELECT count(*) FROM environments e WHERE e.project = p.id) AS environments
                    FROM projects p ORDER BY name
                    """
            ).map {
                PlaceEntry(project: $0["name"], environment: nil, createdAt: $0["createdAt"], count: $0["environments"])
            }
        }
    }

    /// The environments of one project, or of all, by name.
    package func environments(of project: String?) throws -> [PlaceEntry] {
        if let project { _ = try self.project(project) }
        return try pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT p.name AS project, e.name AS environment, e.createdAt,
                        (SELECT count(*) FROM keys k WHERE k.environment = e.id AND k.revokedAt IS NULL) AS keys
                    FROM environments e JOIN projects p ON p.id = e.project
                    WHERE ?1 IS NULL OR p.name = ?1 ORDER BY 1, 2
                    """, arguments: [project]
            ).map {
                PlaceEntry(
                    project: $0["project"], environment: $0["environment"], createdAt: $0["createdAt"],
                    count: $0["keys"])
            }
        }
    }

    /// Makes a project with its first environment and keys.
    ///
    /// - Throws: `OperatorError` when there is one of that name.
    package func createProject(_ name: EnvironmentName, now: Timestamp) throws -> DataFolder.Created {
        try write { db in
            if try Self.id(ofProject: name.project, in: db) != nil {
                throw OperatorError("the folder has a project \(name.project) already; nothing was changed")
            }
            let project = try Self.addProject(name.project, now: now, in: db)
            return try Self.addEnvironment(name, project: project, now: now, in: db)
        }
    }

    /// Makes an environment of a project, with its first keys.
    ///
    /// - Throws: `OperatorError` when there is no such project, or one has such an environment.
    package func createEnvironment(_ name: EnvironmentName, now: Timestamp) throws -> DataFolder.Created {
        try write { db in
            guard let project = try Self.id(ofProject: name.project, in: db) else {
                throw OperatorError("the folder has no project \(name.project)")
            }
            if try Self.id(of: name, in: db) != nil {
                throw OperatorError("the folder has an environment \(name) already; nothing was changed")
            }
            return try Self.addEnvironment(name, project: project, now: now, in: db)
        }
    }

    static func id(of name: EnvironmentName, in db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: """
                SELECT e.id FROM environments e JOIN projects p ON p.id = e.project WHERE p.name = ? AND e.name = ?
                """, arguments: [name.project, name.environment])
    }

    private static func id(ofProject name: String, in db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT id FROM projects WHERE name = ?", arguments: [name])
    }

    static func addProject(_ name: String, now: Timestamp, in db: Database) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO projects (name, createdAt) VALUES (?, ?)", arguments: [name, now.description])
        return db.lastInsertedRowID
    }

    static func addEnvironment(
        _ name: EnvironmentName, project: Int64, now: Timestamp, in db: Database
    ) throws -> DataFolder.Created {
        try db.execute(
            sql: "INSERT INTO environments (project, name, createdAt) VALUES (?, ?, ?)",
            arguments: [project, name.environment, now.description])
        let environment = db.lastInsertedRowID
        var random = SystemRandomNumberGenerator()
        let keys = [APIKey(.publishable, using: &random), APIKey(.secret, using: &random)]
        for key in keys { _ = try insert(key, NewKey(), environment: environment, now: now, in: db) }
        return DataFolder.Created(name: name, publishableKey: keys[0].text, secretKey: keys[1].text)
    }
}
