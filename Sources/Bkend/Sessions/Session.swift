import BkendWire
import Foundation

/// A user's session on this device, as a `SessionStore` keeps it. It never shows its tokens. A store of your own keeps
/// what `encode(to:)` writes:
///
/// ```swift
/// let data = try JSONEncoder().encode(session)
/// let session = try JSONDecoder().decode(Session.self, from: data)
/// ```
public struct Session: Sendable, Codable {
    /// The server that issued the tokens. The client sends them to no other server.
    package var server: String
    /// The user's id.
    public var userID: String
    /// The token that calls are sent with. It is valid for an hour (rest-api.md §8).
    package var accessToken: String
    /// The token that gets the next pair of tokens, once. Using it twice ends every session of the user.
    package var refreshToken: String
    /// The session's status.
    package var status: Status
    /// When the tokens were received, by this device's clock; nil if unknown.
    package var obtainedAt: Date?
    /// How long the access token is valid from then on, in seconds; nil if the server didn't specify it.
    package var expiresIn: Int?

    /// The status of a session.
    package enum Status: String, Sendable, Codable {
        /// The session can be used.
        case active
        /// The refresh token was about to be sent when the session was stored. If nothing waits for the response any
        /// more, the response is lost. The token may be spent then, and is never sent again, whatever the server
        /// allows.
        case refreshing
        /// The response to an early refresh was lost, or the refresh was refused. The access token works until the
        /// server rejects it; then the session ends.
        case unrenewable
        /// The session has ended. Calls fail until a user signs in or out.
        case ended
    }

    /// A session.
    package init(
        server: String, userID: String, accessToken: String, refreshToken: String, status: Status = .active,
        obtainedAt: Date? = nil, expiresIn: Int? = nil
    ) {
        self.server = server
        self.userID = userID
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.status = status
        self.obtainedAt = obtainedAt
        self.expiresIn = expiresIn
    }

    /// Whether half of the access token's life is over, so that another can be had while this one still works. A clock
    /// that has been set back tells nothing; the server's refusal does then.
    func isDue(at now: Date) -> Bool {
        guard status == .active, let obtainedAt, let expiresIn, expiresIn > 0 else { return false }
        return now.timeIntervalSince(obtainedAt) >= Double(expiresIn) / 2
    }

    func with(_ status: Status) -> Session {
        var session = self
        session.status = status
        return session
    }
}

extension Session: Equatable, ComparedExactly {
    package var exact: [AnyHashable] {
        [
            ExactString(server), ExactString(userID), ExactString(accessToken), ExactString(refreshToken), status,
            obtainedAt, expiresIn,
        ]
    }
}

extension Session: CustomStringConvertible, CustomReflectable {
    /// The user and the status, without the tokens.
    public var description: String { "Session(\(userID), \(status.rawValue))" }
    /// A mirror without the tokens.
    public var customMirror: Mirror { Mirror(self, children: ["userID": userID, "status": status.rawValue]) }
}

extension Session {
    /// The pair of an answer; nil when it holds none, or what can't be sent in a header.
    init?(_ answer: JSON, server: String, userID: String, now: Date) {
        func token(_ name: String) -> String? {
            guard let text = answer[name]?.stringValue, !text.isEmpty,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
            return text
        }
        guard let access = token("accessToken"), let refresh = token("refreshToken") else { return nil }
        self.init(
            server: server, userID: userID, accessToken: access, refreshToken: refresh,
            // Whole seconds, which every store gives back as they were.
            obtainedAt: Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down)),
            expiresIn: answer["expiresIn"]?.intValue.flatMap { Int(exactly: $0) })
    }
}
