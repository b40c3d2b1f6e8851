import BkendStorage
import BkendWire
import Foundation

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
    /// A session from the columns of `SessionSQL`.
    init(row: any SQLRow) {
        id = row.text(0)
        userID = row.text(1)
        client = ClientInfo(
            address: row.optionalText(3), userAgent: row.optionalText(2), deviceInfo: row.optionalText(4))
        lastActivityAt = Timestamp(clamping: row.int(5))
        createdAt = Timestamp(clamping: row.int(6))
        endedAt = row.optionalInt(7).map(Timestamp.init(clamping:))
        tagKey = row.blob(8)
        generation = Int(row.int(9))
        tokenHash = row.blob(10)
        issuedAt = Timestamp(clamping: row.int(11))
        previousHash = row.optionalBlob(12)
        rotationSecret = row.optionalBlob(13)
    }
}
