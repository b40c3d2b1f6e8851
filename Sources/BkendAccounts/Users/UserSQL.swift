import BkendWire

/// The statements of users and their passwords. A deleted user is found by none of them.
enum UserSQL {
    /// What `User.init(row:)` reads, in this order.
    static let columns =
        "id, role, name, nickname, email, image, emailVerified, onboardingStatus, createdAt, updatedAt, disabledAt"

    static let byID = "SELECT \(columns) FROM account_users WHERE id = ? AND deletedAt IS NULL"
    static let byEmail = "SELECT \(columns) FROM account_users WHERE emailFolded = ? AND deletedAt IS NULL"

    static let insert = """
        INSERT INTO account_users (id, role, name, nickname, email, emailFolded, image, emailVerified,
            onboardingStatus, createdAt, updatedAt, searchText)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let update = """
        UPDATE account_users SET role = ?, name = ?, nickname = ?, image = ?, onboardingStatus = ?, updatedAt = ?,
            searchText = ?
        WHERE id = ? AND deletedAt IS NULL
        """
    static let delete = """
        UPDATE account_users SET deletedAt = ?, emailFolded = NULL,
            updatedAt = CASE WHEN updatedAt < ? THEN ? ELSE updatedAt END
        WHERE id = ? AND deletedAt IS NULL
        """
    static let disable = """
        UPDATE account_users SET disabledAt = ?, updatedAt = CASE WHEN updatedAt < ? THEN ? ELSE updatedAt END
        WHERE id = ? AND deletedAt IS NULL AND disabledAt IS NULL
        """
    static let enable = """
        UPDATE account_users SET disabledAt = NULL, updatedAt = CASE WHEN updatedAt < ? THEN ? ELSE updatedAt END
        WHERE id = ? AND deletedAt IS NULL AND disabledAt IS NOT NULL
        """

    static let password = "SELECT hash FROM account_passwords WHERE userId = ?"
    static let setPassword = """
        INSERT INTO account_passwords (userId, hash, changedAt) VALUES (?, ?, ?)
        ON CONFLICT (userId) DO UPDATE SET hash = excluded.hash, changedAt = excluded.changedAt
        """
    static let deletePassword = "DELETE FROM account_passwords WHERE userId = ?"

    /// How many users a list has.
    static func count(searching: Bool) -> String { "SELECT count(*) FROM account_users WHERE \(found(searching))" }

    /// A page of a list: by a column, ties by id.
    static func page(searching: Bool, sortedBy column: SortColumn, _ direction: Query.Sort.Direction) -> String {
        let order = direction == .ascending ? "ASC" : "DESC"
        return """
            SELECT \(columns) FROM account_users WHERE \(found(searching))
            ORDER BY \(column.rawValue) \(order), id \(order) LIMIT ? OFFSET ?
            """
    }

    /// The columns that a list can be sorted by.
    enum SortColumn: String, CaseIterable {
        case id, role, name, nickname, email, onboardingStatus, createdAt, updatedAt
    }

    /// What a text holds is seen by what is left without it: storages name the function that looks for it differently.
    private static func found(_ searching: Bool) -> String {
        searching ? "deletedAt IS NULL AND replace(searchText, ?, '') <> searchText" : "deletedAt IS NULL"
    }

    /// Every statement, to be prepared in a test.
    static let all: [String] =
        [
            byID, byEmail, insert, update, delete, disable, enable, password, setPassword, deletePassword,
            count(searching: true), count(searching: false),
        ]
        + SortColumn.allCases.flatMap { column in
            [true, false].flatMap { searching in
                [Query.Sort.Direction.ascending, .descending].map {
                    page(searching: searching, sortedBy: column, $0)
                }
            }
        }
}
