/// The statements of projects, environments and keys.
enum ControlSQL {
    // MARK: Projects

    static let projectID = "SELECT id FROM projects WHERE name = ?"
    static let projects = """
        SELECT name, createdAt, (SELECT count(*) FROM environments e WHERE e.project = p.id) FROM projects p
        ORDER BY name
        """
    static let insertProject = "INSERT INTO projects (name, createdAt) VALUES (?, ?) RETURNING id"

    // MARK: Environments

    static let environmentID = """
        SELECT e.id FROM environments e JOIN projects p ON p.id = e.project WHERE p.name = ? AND e.name = ?
        """
    static let environmentNames = """
        SELECT p.name, e.name FROM environments e JOIN projects p ON p.id = e.project ORDER BY 1, 2
        """
    /// The environments that the tag of a file's key can be of: with whether it can be of any.
    static let environmentTags = """
        SELECT p.name, e.name, e.hasImportedFiles FROM environments e JOIN projects p ON p.id = e.project ORDER BY 1, 2
        """
    static let isMarked = """
        SELECT e.hasImportedFiles FROM environments e JOIN projects p ON p.id = e.project WHERE p.name = ? AND e.name = ?
        """
    static let markImportedFiles = """
        UPDATE environments SET hasImportedFiles = 1 WHERE id = ? AND hasImportedFiles = 0
        """
    static let environments = "SELECT \(environmentColumns) ORDER BY 1, 2"
    static let environmentsOfProject = "SELECT \(environmentColumns) WHERE p.name = ? ORDER BY 1, 2"
    static let insertEnvironment = """
        INSERT INTO environments (project, name, createdAt) VALUES (?, ?, ?) RETURNING id
        """

    private static let environmentColumns = """
        p.name, e.name, e.createdAt,
            (SELECT count(*) FROM keys k WHERE k.environment = e.id AND k.revokedAt IS NULL)
        FROM environments e JOIN projects p ON p.id = e.project
        """

    // MARK: Keys

    /// What `KeyEntry.init(row:now:)` reads, in this order.
    static let keyColumns = "id, kind, name, readable, scopes, createdAt, expiresAt, revokedAt"

    /// What requests are checked by, of every key.
    static let resolvedKeys = """
        SELECT k.digest, k.kind, p.name, e.name, k.scopes, k.expiresAt, k.revokedAt
        FROM keys k JOIN environments e ON e.id = k.environment JOIN projects p ON p.id = e.project
        """
    static let keys = "SELECT \(keyColumns) FROM keys WHERE environment = ? ORDER BY id"
    static let key = "SELECT \(keyColumns) FROM keys WHERE id = ? AND environment = ?"
    static let publishableKeys = """
        SELECT readable FROM keys WHERE environment = ? AND readable IS NOT NULL AND revokedAt IS NULL ORDER BY id
        """
    /// What a check of the folder looks at.
    static let checkedKeys =
        "SELECT id, digest, readable, scopes, createdAt, expiresAt, revokedAt FROM keys ORDER BY id"
    static let insertKey = """
        INSERT INTO keys (environment, kind, digest, readable, scopes, createdAt, expiresAt, name)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
        """
    static let revokeKey = "UPDATE keys SET revokedAt = ? WHERE id = ?"
    static let revokeDigest = "UPDATE keys SET revokedAt = ? WHERE digest = ? AND revokedAt IS NULL"
    static let setScopes = "UPDATE keys SET scopes = ? WHERE id = ?"

    /// Every statement, to be prepared in a test.
    static let all = [
        projectID, projects, insertProject, environmentID, environmentNames, environmentTags, isMarked,
        markImportedFiles,
        environments, environmentsOfProject,
        insertEnvironment, resolvedKeys, keys, key, publishableKeys, checkedKeys, insertKey, revokeKey, revokeDigest,
        setScopes,
    ]
}
