import BkendSync
import BkendTransport
import BkendWire
import Foundation
import Synchronization

/// The engine's requests over a client's connections, as the client's user.
///
/// Each leaves once: what may be sent again is the engine's to decide. Session and token are read together, so that a
/// request never leaves under the token of a user who came meanwhile.
final class ClientSender: SyncSender {
    private let runner: CallRunner
    /// The bytes of the store's files; nil in memory.
    private let files: FileFolder?
    /// The session whose access token the server refused last, and its reason.
    private let refused = Mutex<(session: Session, code: ErrorCode)?>(nil)

    init(_ runner: CallRunner, files: FileFolder? = nil) {
        self.runner = runner
        self.files = files
    }

    func send(_ request: SyncRequest) async -> SyncResponse { await send(request) { _ in } }

    func send(_ request: SyncRequest, sent: @escaping @Sendable (Int64) -> Void) async -> SyncResponse {
        let session: Session?
        do throws(BkendError) {
            switch try await runner.sessions.found() {
            case .nobody: session = nil
            case .session(let found): session = found
            case .elsewhere: return .refused(.signedOut)
            }
        } catch {
            return .notSent(SyncFailure(.unreachable, error.description))
        }
        if let refusal = refusal(of: request.user, session) { return .refused(refusal) }
        if let session { runner.renewAhead(session) }
        if case .put(let put) = request.operation { return await send(put, deadline: request.deadline, sent) }
        if case .get(let get) = request.operation {
            guard let files else { return .lost(SyncFailure(.source, "an in-memory store holds no files")) }
            return await FetchedBytes(
                runner: runner, get: get, folder: files, deadline: request.deadline, progress: sent
            ).run()
        }
        do throws(TransportError) {
            let (head, body) = try await runner.exchange(
                Call(request), token: session?.accessToken, deadline: request.deadline)
            let answer = SyncAnswer(head, body, now: Date())
            if let session { note(answer, session) }
            return .answered(answer)
        } catch {
            return SyncResponse(error)
        }
    }

    /// Sends a file's bytes to their address, which gets neither key nor token.
    private func send(
        _ put: BytesPut, deadline: Duration, _ sent: @escaping @Sendable (Int64) -> Void
    ) async -> SyncResponse {
        guard let files else { return .lost(SyncFailure(.source, "an in-memory store holds no files")) }
        let path = files.file(put.name)
        if put.isLastPart {
            do {
                if let flaw = try await SentBytes.flaw(in: put, at: path) { return .lost(SyncFailure(.source, flaw)) }
            } catch {
                return .notSent(SyncFailure(error is CancellationError ? .cancelled : .broken, "\(error)"))
            }
        }
        let bytes = SentBytes(put, at: path, sent)
        do throws(BkendError) {
            return .answered(try await runner.put(put, bytes.body, deadline: deadline))
        } catch {
            if let flaw = bytes.flaw { return .lost(SyncFailure(.source, flaw)) }
            if error.isCancelled { return .lost(SyncFailure(.cancelled, "the transfer was cancelled")) }
            return .lost(SyncFailure(.broken, "the bytes didn't reach the storage"))
        }
    }

    func refresh() async -> SessionOutcome {
        // A refusal that isn't about the token is none that another token would help.
        guard let (session, code) = refused.withLock({ $0 }) else { return .stillUsable }
        do {
            guard try await runner.renewed(after: session, refusal: code).value != nil else { return .signedOut }
            refused.withLock { refused in
                if refused?.session == session { refused = nil }
            }
            return .renewed
        } catch {
            if case .sessionEnded = SessionKeeper.wrapped(error).reason { return .signedOut }
            return .unreachable
        }
    }

    /// Whether the server has refused this session's token, and it wasn't renewed since: asked with it again, it would
    /// say the same.
    func hasRefused(_ session: Session) -> Bool {
        refused.withLock { $0?.session.accessToken.hasSameBytes(as: session.accessToken) ?? false }
    }

    /// Why nothing is sent as this user now.
    private func refusal(of user: String, _ session: Session?) -> SendRefusal? {
        // The app's own token may be anybody's.
        if runner.hasOwnAuthorization { return .signedOut }
        guard let session else { return user.isEmpty ? nil : .signedOut }
        guard session.userID.hasSameBytes(as: user) else { return .otherUser(session.userID) }
        return session.status == .ended ? .signedOut : nil
    }

    private func note(_ answer: SyncAnswer, _ session: Session) {
        guard answer.status == 401, answer.isJSON, let json = try? JSON(parsing: answer.body),
            let body = ErrorBody(json, status: answer.status),
            let code = RefreshDecision.concerns(BkendError(.server(body)))
        else { return }
        refused.withLock { $0 = (session, code) }
    }
}
