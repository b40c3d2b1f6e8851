import BkendWire

extension Accounts {
    /// `GET /v1/auth/me`.
    package func me(_ caller: Caller) async throws -> AccountAnswer {
        let id = try caller.signedIn()
        return AccountAnswer(try await user(id: id).json)
    }

    /// `POST /v1/auth/signout`: ends the session of the token that came with the call.
    package func signOut(_ caller: Caller) async throws -> AccountAnswer {
        guard let id = caller.userID, let sessionID = caller.sessionID else { throw Caller.mustSignIn }
        _ = try await database.write(locking: [.user(id)]) { db in
            try SessionStore.end(db, id: sessionID, userID: id)
        }
        return AccountAnswer(message: "signed out")
    }

    /// `GET /v1/auth/sessions`: the caller's own, the newest first.
    package func sessions(_ caller: Caller, page: Query.Page = Query.Page()) async throws -> AccountAnswer {
        let id = try caller.signedIn()
        let now = now
        let lifetimes = configuration.lifetimes
        let (sessions, total) = try await database.read { db in
            try SessionStore.list(db, userID: id, page: page, lifetimes: lifetimes, now: now)
        }
        return .list(sessions.map(\.json), Pagination(total: total, page: page))
    }

    /// `DELETE /v1/auth/sessions/:id`: one of the caller's own. Another's is as unknown as one that isn't there.
    package func endSession(_ sessionID: String, _ caller: Caller) async throws -> AccountAnswer {
        let id = try caller.signedIn()
        let ended = try await database.write(locking: [.user(id)]) { db in
            try SessionStore.end(db, id: sessionID, userID: id)
        }
        guard ended else { throw ErrorBody(.sessionNotFound, "you have no session of this id") }
        return AccountAnswer(message: "the session has ended")
    }

    /// `DELETE /v1/auth/withdraw`: the caller's account is deleted softly, and every session ends.
    package func withdraw(_ caller: Caller) async throws -> AccountAnswer {
        let id = try caller.signedIn()
        try await delete(id: id)
        return AccountAnswer(message: "the account has been deleted")
    }

    func user(id: String) async throws -> User {
        guard let user = try await database.read({ db in try UserStore.user(db, id: id) }) else {
            throw Self.unknownUser
        }
        return user
    }

    func delete(id: String) async throws {
        let isDeleted = try await database.write(locking: [.user(id)]) { [whenDeleted] db in
            guard try UserStore.delete(db, id: id) else { return false }
            try whenDeleted(db, id)
            return true
        }
        guard isDeleted else { throw Self.unknownUser }
    }

    package static let unknownUser = ErrorBody(.userNotFound, "there is no user of this id")
}
