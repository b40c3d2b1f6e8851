import BkendStorage
import BkendWire

extension Accounts {
    /// `GET /v1/users`: for administrators.
    package func users(_ list: UserList, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.list, by: caller)
        let (users, pagination) = try await database.read { db in try list.fetch(db) }
        return .list(users.map(\.json), pagination)
    }

    /// `POST /v1/users`: an administrator makes a user. Any role but `user` needs a key that isn't limited by
    /// scopes. Without a `password` the user sets one by a reset.
    package func createUser(_ body: JSONObject, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.create, by: caller)
        let fields = BodyFields(body)
        try fields.refuse(allBut: ["email", "password", "role"] + UserChange.fields)
        let email = try fields.email()
        let role = try fields.text("role", atMost: 64).map(RoleName.read) ?? RoleName.user
        if !role.hasSameBytes(as: RoleName.user) { try UserRules.check(.changeRole, by: caller) }
        let change = try UserChange(fields)
        var hash: PasswordHash?
        if fields.has("password") {
            hash = try await passwords.hash(
                fields.newPassword("password", policy: configuration.passwordPolicy))
        }
        let user = try await database.write(locking: []) { [self, hash] db in
            let user = newUser(email: email, role: role, change: change, now: db.now)
            try UserStore.insert(db, user, email: email, password: hash)
            return user
        }
        return AccountAnswer(user.json, status: 201)
    }

    /// `GET /v1/users/:id` and `GET /v1/users/:id/profile`.
    package func user(_ id: String, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.read, by: caller, to: id)
        return AccountAnswer(try await user(id: id).json)
    }

    /// `PATCH /v1/users/:id` and `PATCH /v1/users/:id/profile`: `name`, `nickname`, `image`, `onboardingStatus`; anything
    /// else is refused. Answers the whole user.
    package func updateUser(_ id: String, _ body: JSONObject, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.update, by: caller, to: id)
        let fields = BodyFields(body)
        try fields.refuse(allBut: UserChange.fields)
        let change = try UserChange(fields)
        return AccountAnswer(try await update(id: id) { change.apply(to: &$0) }.json)
    }

    /// `PATCH /v1/users/:id/role`: for administrators with a key that isn't limited by scopes; works at once, also on
    /// tokens that are out.
    package func changeRole(of id: String, _ body: JSONObject, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.changeRole, by: caller, to: id)
        let fields = BodyFields(body)
        try fields.refuse(allBut: ["role"])
        let role = try RoleName.read(fields.required("role"))
        return AccountAnswer(try await update(id: id) { $0.role = role }.json)
    }

    /// `DELETE /v1/users/:id`: softly, as by `withdraw`.
    package func deleteUser(_ id: String, _ caller: Caller) async throws -> AccountAnswer {
        try UserRules.check(.delete, by: caller, to: id)
        try await delete(id: id)
        return .deleted
    }

    /// Who may change a user's picture: the user and administrators.
    ///
    /// - Throws: `ErrorBody`: 401 or 403.
    package static func checkUpdate(of id: String, by caller: Caller) throws(ErrorBody) {
        try UserRules.check(.update, by: caller, to: id)
    }

    /// Sets a user's picture, in a transaction that has locked the user.
    ///
    /// - Returns: the address of the picture before, and what the user is now.
    /// - Throws: `ErrorBody` with 404 when there is no such user.
    package static func setImage(
        _ image: String?, of id: String, in db: any SQLTransaction
    ) throws -> (before: String?, user: JSONObject) {
        guard var user = try UserStore.user(db, id: id) else { throw Self.unknownUser }
        let before = user.image
        guard before != image else { return (before, user.json) }
        user.image = image
        return (before, try UserStore.update(db, user).json)
    }

    private func update(id: String, _ change: @escaping @Sendable (inout User) -> Void) async throws -> User {
        try await database.write(locking: [.user(id)]) { db in
            guard var user = try UserStore.user(db, id: id) else { throw Self.unknownUser }
            let before = user
            change(&user)
            return user.isSame(as: before) ? before : try UserStore.update(db, user)
        }
    }
}
