/// The statements of table definitions: the current ones, and every version that there ever was.
enum TableSQL {
    static let lastVersion = "SELECT max(version) FROM server_table_versions WHERE name = ?"
    static let versions = """
        SELECT version, definition, createdAt FROM server_table_versions WHERE name = ? ORDER BY version
        """
    static let current = "SELECT name, version, definition FROM server_tables ORDER BY name"
    static let put = """
        INSERT INTO server_tables (name, version, definition) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET version = excluded.version, definition = excluded.definition
        """
    static let insertVersion = """
        INSERT INTO server_table_versions (name, version, definition, createdAt) VALUES (?, ?, ?, ?)
        """
    static let advance = "UPDATE server_catalog SET generation = generation + 1"
    static let delete = "DELETE FROM server_tables WHERE name = ?"

    /// The tables that a first record has made.
    static let countDynamic = "SELECT count(*) FROM server_dynamic_tables"
    static let insertDynamic = "INSERT INTO server_dynamic_tables (name) VALUES (?) ON CONFLICT (name) DO NOTHING"
    static let deleteDynamic = "DELETE FROM server_dynamic_tables WHERE name = ?"

    /// Every statement, to be prepared in a test.
    static let all = [
        lastVersion, versions, current, put, insertVersion, advance, delete, countDynamic, insertDynamic, deleteDynamic,
    ]
}
