import BkendTesting
import BkendWire

@testable import BkendServer

extension DataFolder {
    /// Adds an environment to a folder that no server has open, and gives its keys.
    static func addEnvironment(
        _ project: String, _ environment: String, to path: String, scopes: String? = nil
    ) throws -> DataFolder.Created {
        let control = try DataFolder.open(at: path).control
        var random = SystemRandomNumberGenerator()
        let keys = [APIKey(.publishable, using: &random), APIKey(.secret, using: &random)]
        let now = Timestamp.systemNow.description
        try control.database.writeNow { session in
            try session.execute(
                "INSERT INTO projects (name, createdAt) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", project, now)
            try session.execute(
                """
                INSERT INTO environments (project, name, createdAt) SELECT id, ?, ? FROM projects WHERE name = ?
                ON CONFLICT (project, name) DO NOTHING
                """, environment, now, project)
            for key in keys {
                try session.execute(
                    """
                    INSERT INTO keys (environment, kind, digest, readable, scopes, createdAt)
                    SELECT e.id, ?, ?, ?, ?, ? FROM environments e JOIN projects p ON p.id = e.project
                    WHERE e.name = ? AND p.name = ?
                    """, key.kind.rawValue, key.digest.data, key.kind == .publishable ? key.text : nil, scopes, now,
                    environment, project)
            }
        }
        try control.database.close()
        return DataFolder.Created(
            name: try EnvironmentName(project: project, environment: environment), publishableKey: keys[0].text,
            secretKey: keys[1].text)
    }
}
