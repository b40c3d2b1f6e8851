import BkendWire

/// Who asks.
package struct Caller: Hashable, Sendable {
    /// The user's id, `""` for a guest.
    package var user: String
    /// Whether every permission is granted: the server model's own writers.
    package var isAdmin = false

    /// A caller.
    package init(user: String, isAdmin: Bool = false) {
        self.user = user
        self.isAdmin = isAdmin
    }

    /// Somebody with every permission.
    package static let admin = Caller(user: "", isAdmin: true)

    var isGuest: Bool { user.isEmpty && !isAdmin }
}

/// The permissions of a table (rest-api.md §7): the boolean form by group, `self`, hidden columns, row filters.
package struct TableAccess: Hashable, Sendable {
    /// What can be permitted.
    package struct Operations: OptionSet, Hashable, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let create = Operations(rawValue: 1)
        package static let read = Operations(rawValue: 2)
        package static let list = Operations(rawValue: 4)
        package static let update = Operations(rawValue: 8)
        package static let delete = Operations(rawValue: 16)
        package static let all: Operations = [.create, .read, .list, .update, .delete]
    }

    /// Of signed-in users.
    package var user: Operations = .all
    /// Of guests.
    package var guest: Operations = .all
    /// Of signed-in users for the records that they made.
    package var own: Operations = []
    /// Fields that only administrators read.
    package var hidden: [String] = []
    /// Fields that only administrators write.
    package var readOnly: [String] = []
    /// What a list shows of what is permitted; `$userId` is the caller. Nil: everything.
    package var rowFilter: JSONObject?

    /// Everything for everybody.
    package init() {}

    /// Permissions.
    package init(user: Operations, guest: Operations = [], own: Operations = []) {
        self.user = user
        self.guest = guest
        self.own = own
    }

    /// What an operation may be done to.
    enum Scope { case everything, own, nothing }

    func scope(_ operation: Operations, _ caller: Caller) -> Scope {
        if caller.isAdmin { return .everything }
        if (caller.isGuest ? guest : user).contains(operation) { return .everything }
        return !caller.isGuest && own.contains(operation) ? .own : .nothing
    }

    /// Whether a list shows a record to the caller.
    func lists(_ document: JSONObject, to caller: Caller) -> Bool {
        switch scope(.list, caller) {
        case .nothing: return false
        case .own where document["createdBy"]?.stringValue != caller.user: return false
        default: break
        }
        guard !caller.isAdmin, let rowFilter else { return true }
        let personal = JSON.object(rowFilter).replacing("$userId", with: caller.user).objectValue ?? rowFilter
        guard let test = try? ServerFilter(and: personal) else { return false }
        return test.matches(document)
    }

    /// The document as the caller may read it.
    func shown(_ document: JSONObject, to caller: Caller) -> JSONObject {
        if caller.isAdmin || hidden.isEmpty { return document }
        return JSONObject(document.filter { member in !hidden.contains(member.key) }.map { ($0.key, $0.value) })
    }
}

extension JSON {
    func replacing(_ text: String, with other: String) -> JSON {
        switch self {
        case .string(let value): .string(value == text ? other : value)
        case .array(let values): .array(values.map { $0.replacing(text, with: other) })
        case .object(let object): .object(JSONObject(object.map { ($0.key, $0.value.replacing(text, with: other)) }))
        default: self
        }
    }
}
