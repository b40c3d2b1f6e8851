import BkendSync
import BkendWire

/// What the session store says to an engine: who is signed in, also where another process has changed it, or where it
/// can't be read for a while.
struct SyncedSession: Sendable {
    let open: OpenStore
    let sender: ClientSender
    let runner: CallRunner
    let options: SyncOptions

    /// Who is signed in, as the engine is told: `""` where a guest's store is nobody else's now, nil for nobody.
    func user() async throws(StoreError) -> String? { try await found().user }

    /// Tells the engine of each change that this client makes or meets. A renewed token is none.
    func follow(_ changes: AsyncStream<SessionChange>, for engine: StoreSync.Engine) async {
        for await change in changes {
            if case .refreshed = change { continue }
            // A session that can't be read is not nobody's: the sender sends nothing meanwhile.
            while !Task.isCancelled {
                do {
                    await engine.noteSession(user: try await user())
                    break
                } catch { try? await Task.sleep(for: options.shortestPoll) }
            }
        }
    }

    /// While nothing is sent for want of a session, asks the store whether there is one now: another process may have
    /// signed the user in, and says so to nobody.
    func askWhileNothingIsSent(by engine: StoreSync.Engine) async {
        for await status in engine.statuses() where Self.waitsForSession(status) {
            var pause = options.shortestPoll
            while Self.waitsForSession(await engine.status) {
                do { try await Task.sleep(for: pause) } catch { return }
                await ask(for: engine)
                pause = min(pause * 2, max(options.shortestPoll, options.longestPoll))
            }
        }
    }

    /// The store has another owner, by this handle or another.
    func noteOwner(for engine: StoreSync.Engine) async {
        await engine.noteSubscriptions()
        await ask(for: engine)
    }

    /// Tells the engine who is signed in where it believes somebody else is.
    func tellUser(to engine: StoreSync.Engine) async {
        // A session that can't be read is not nobody's.
        guard let (session, user) = try? await found() else { return }
        if let user, let session, sender.hasRefused(session), await engine.user == nil, !user.isEmpty { return }
        if await engine.user != user { await engine.noteSession(user: user) }
    }

    private static func waitsForSession(_ status: SyncStatus) -> Bool {
        switch status.state {
        case .signedOut, .paused(.otherUser), .paused(.noSession): true
        default: false
        }
    }

    /// Tells the engine who is signed in where that is news to it. Said again, it would compare everything.
    private func ask(for engine: StoreSync.Engine) async {
        guard let (session, user) = try? await found(), let owner = try? await open.read({ try $0.owner }) else {
            return
        }
        let isOwner = user?.hasSameBytes(as: owner) ?? false
        // The engine has given up on a token that the server refuses again and again.
        if isOwner, let session, sender.hasRefused(session) { return }
        let isNews =
            switch await engine.status.state {
            case .signedOut, .paused(.noSession): user != nil
            case .paused(.otherUser): user == nil || isOwner
            default: false
            }
        if isNews { await engine.noteSession(user: user) }
    }

    private func found() async throws(StoreError) -> (session: Session?, user: String?) {
        // Whose token the app sends by itself nobody here knows.
        if runner.hasOwnAuthorization { return (nil, nil) }
        let found: StoredSession
        do throws(BkendError) {
            found = try await runner.sessions.found()
        } catch {
            throw StoreError(.session(error.description))
        }
        switch found {
        case .nobody: return (nil, try await open.read { try $0.owner }.isEmpty ? "" : nil)
        case .session(let session): return (session, session.status == .ended ? nil : session.userID)
        // This server hasn't named anybody.
        case .elsewhere: return (nil, nil)
        }
    }
}

extension StoreError {
    /// Whether the session store failed, not the store itself.
    var isOfSession: Bool { if case .session = reason { true } else { false } }
}
