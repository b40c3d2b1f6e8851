import BkendStorage
import BkendWire

/// A user as the API shows it (rest-api.md §8a).
package struct User: Hashable, Sendable {
    /// A UUID.
    package var id: String
    /// `admin`, `user`, `guest` or a custom name.
    package var role: String
    /// What the user calls themself.
    package var name: String?
    /// What others may see.
    package var nickname: String?
    /// The address as typed at sign-up.
    package var email: String
    /// A picture's URL.
    package var image: String?
    /// When the address was verified.
    package var emailVerified: Timestamp?
    /// How far an app's introduction went; the app's own words.
    package var onboardingStatus: String
    /// When the user signed up.
    package var createdAt: Timestamp
    /// When something of the user last changed.
    package var updatedAt: Timestamp
    /// Since when the user may not sign in; nil for everyone who may.
    package var disabledAt: Timestamp?

    /// What a new user's `onboardingStatus` says.
    static let firstOnboardingStatus = "incomplete"

    /// The object of an answer; what isn't known is null. `disabledAt` is there only for those who are disabled: the
    /// contract doesn't know of it, and nobody but administrators can see such a user.
    package var json: JSONObject {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        var object: JSONObject = [
            "id": .string(id), "role": .string(role), "name": text(name), "nickname": text(nickname),
            "email": .string(email), "image": text(image), "emailVerified": text(emailVerified?.description),
            "onboardingStatus": .string(onboardingStatus), "createdAt": .string(createdAt.description),
            "updatedAt": .string(updatedAt.description),
        ]
        object["disabledAt"] = disabledAt.map { .string($0.description) }
        return object
    }
}

extension User {
    /// Whether nothing has changed, texts compared by code point.
    func isSame(as other: User) -> Bool { json == other.json }

    /// A user from the columns of `UserSQL`.
    init(row: any SQLRow) {
        id = row.text(0)
        role = row.text(1)
        name = row.optionalText(2)
        nickname = row.optionalText(3)
        email = row.text(4)
        image = row.optionalText(5)
        emailVerified = row.optionalInt(6).map(Timestamp.init(clamping:))
        onboardingStatus = row.text(7)
        createdAt = Timestamp(clamping: row.int(8))
        updatedAt = Timestamp(clamping: row.int(9))
        disabledAt = row.optionalInt(10).map(Timestamp.init(clamping:))
    }
}
