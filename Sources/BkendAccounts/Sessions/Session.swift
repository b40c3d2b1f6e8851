import BkendWire
import Foundation
import GRDB

/// A sign-in on one device, and what its refresh tokens are checked by.
struct Session: Sendable {
    let id: String
    let userID: String
    var client: ClientInfo
    var lastActivityAt: Timestamp
    let createdAt: Timestamp
    var endedAt: Timestamp?
    let tagKey: Data
    var generation: Int
    var tokenHash: Data
    var issuedAt: Timestamp
    var previousHash: Data?
    var rotationSecret: Data?

    /// Whether it is neither ended nor too long unused.
    func isAlive(at now: Timestamp, lifetimes: SessionLifetimes) -> Bool {
        endedAt == nil && now.milliseconds - lastActivityAt.milliseconds < lifetimes.unused.milliseconds
    }

    /// The object of an answer (rest-api.md §11). The address and agent are the user's own.
    var json: JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        return [
            "id": .string(id), "userId": .string(userID), "userAgent": text(client.userAgent),
            "ipAddress": text(client.address), "deviceInfo": text(client.deviceInfo),
            "lastActivityAt": .string(lastActivityAt.description), "createdAt": .string(createdAt.description),
        ]
    }
}

extension Session {
    init(row: Row) {
        id = row["id"]
        userID = row["userId"]
        client = ClientInfo(address: row["ipAddress"], userAgent: row["userAgent"], deviceInfo: row["deviceInfo"])
        lastActivityAt = Timestamp(clamping: row["lastActivityAt"])
        createdAt = Timestamp(clamping: row["createdAt"])
        endedAt = (row["endedAt"] as Int64?).map(Timestamp.init(clamping:))
        tagKey = row["tagKey"]
        generation = row["generation"]
        tokenHash = row["tokenHash"]
        issuedAt = Timestamp(clamping: row["issuedAt"])
        previousHash = row["previousHash"]
        rotationSecret = row["rotationSecret"]
    }
}
