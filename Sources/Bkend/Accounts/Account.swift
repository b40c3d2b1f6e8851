public import BkendWire
public import Foundation

/// A user as the server shows them (rest-api.md §8a).
public struct Account: Hashable, Sendable, Identifiable {
    /// The user's id. The user's records have it in `createdBy`.
    public var id: String
    /// The user's role.
    public var role: Role
    /// The address that the user signs in with.
    public var email: String
    /// The user's name.
    public var name: String?
    /// What others may call them.
    public var nickname: String?
    /// A picture's URL.
    public var image: String?
    /// When the address was verified.
    public var emailVerified: Date?
    /// How far the app's introduction went, in the app's own words.
    public var onboardingStatus: String?
    /// When the user signed up.
    public var createdAt: Date
    /// When the user last changed.
    public var updatedAt: Date
    /// The user as the server returned it, including members that this version doesn't know.
    public var json: JSONObject

    /// Reads a user.
    ///
    /// - Throws: `JSONCodingError` with the member that is missing or of another type.
    package init(json: JSONObject) throws(JSONCodingError) {
        let fields = AnswerFields(json)
        id = try fields.text("id")
        role = Role(rawValue: try fields.optionalText("role") ?? Role.user.rawValue)
        email = try fields.text("email")
        name = try fields.optionalText("name")
        nickname = try fields.optionalText("nickname")
        image = try fields.optionalText("image")
        emailVerified = try fields.optionalDate("emailVerified")
        onboardingStatus = try fields.optionalText("onboardingStatus")
        createdAt = try fields.date("createdAt")
        updatedAt = try fields.date("updatedAt")
        self.json = json
    }
}
