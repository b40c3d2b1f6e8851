/// What may be done to a table's records.
package enum TableOperation: String, CaseIterable, Hashable, Sendable {
    /// Make a record.
    case create
    /// Get one record.
    case read
    /// List records.
    case list
    /// Change a record.
    case update
    /// Delete a record.
    case delete
}

/// The boolean form of a table's permissions (rest-api.md §7): per group, per operation. What a group doesn't configure
/// is denied; `list` falls back to `read`; a table without any has the defaults.
package struct Permissions: Hashable, Sendable {
    /// Whom a rule is about.
    package enum Group: String, CaseIterable, Hashable, Sendable {
        /// Callers with a secret key, and users of the admin role.
        case admin
        /// Signed-in users.
        case user
        /// Callers without a user.
        case guest
        /// The user who created the record.
        case `self`
    }

    /// Group and operation to whether it is allowed.
    private var grants: [Group: [TableOperation: Bool]] = [:]

    /// No permissions at all.
    package init() {}

    /// What holds for a table that configures nothing: users create, read and list; guests read and list.
    package static let unconfigured: Permissions = {
        var permissions = Permissions()
        for operation in [TableOperation.create, .read, .list] { permissions[.user, operation] = true }
        for operation in [TableOperation.read, .list] { permissions[.guest, operation] = true }
        return permissions
    }()

    /// What holds for a table of that name that configures nothing: a system table is open to administrators alone.
    package static func unconfigured(for table: String) -> Permissions {
        TableName.isSystem(table) ? Permissions() : .unconfigured
    }

    /// What a group may do, nil when the table doesn't say.
    package subscript(group: Group, operation: TableOperation) -> Bool? {
        get { grants[group]?[operation] }
        set {
            grants[group, default: [:]][operation] = newValue
            if grants[group]?.isEmpty == true { grants[group] = nil }
        }
    }

    /// Whether a group may do that; `list` falls back to `read`.
    package func allows(_ group: Group, _ operation: TableOperation) -> Bool {
        self[group, operation] ?? (operation == .list ? self[group, .read] : nil) ?? false
    }

    /// The object of a table's definition.
    package var json: JSONObject {
        var out = JSONObject()
        for group in Group.allCases {
            guard let operations = grants[group] else { continue }
            let members = TableOperation.allCases.compactMap { operation in
                operations[operation].map { (operation.rawValue, JSON.bool($0)) }
            }
            out[group.rawValue] = .object(JSONObject(members))
        }
        return out
    }
}

extension SchemaReader {
    mutating func permissions(_ json: JSON, path: String) -> Permissions {
        var permissions = Permissions()
        guard case .object(let groups) = json else {
            mistake(path, "type", "must be an object of groups, not \(json.typeName)")
            return permissions
        }
        for (name, operations) in groups {
            guard let group = Permissions.Group(rawValue: name) else {
                mistake("\(path).\(name)", "unknown", "must be one of admin, user, guest, self")
                continue
            }
            guard case .object(let members) = operations else {
                mistake("\(path).\(name)", "type", "must be an object of operations, not \(operations.typeName)")
                continue
            }
            for (key, value) in members {
                guard let operation = TableOperation(rawValue: key) else {
                    mistake("\(path).\(name).\(key)", "unknown", "must be one of create, read, list, update, delete")
                    continue
                }
                permissions[group, operation] = flag(value, path: "\(path).\(name).\(key)")
            }
        }
        return permissions
    }
}
