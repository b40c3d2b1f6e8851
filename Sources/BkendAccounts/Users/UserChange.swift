import BkendWire

/// What a body changes of a user.
struct UserChange: Sendable {
    /// Nil where the body has no such member; a null in it clears the text.
    private var name: String??
    private var nickname: String??
    private var image: String??
    private var onboardingStatus: String?

    /// The members that it is read from.
    static let fields = ["name", "nickname", "image", "onboardingStatus"]

    init(_ body: BodyFields) throws(ErrorBody) {
        if body.has("name") { name = .some(try body.text("name", atMost: 200)) }
        if body.has("nickname") { nickname = .some(try body.text("nickname", atMost: 200)) }
        if body.has("image") { image = .some(try body.text("image", atMost: 2_048)) }
        onboardingStatus = try body.text("onboardingStatus", atMost: 64)
    }

    func apply(to user: inout User) {
        if let name { user.name = name }
        if let nickname { user.nickname = nickname }
        if let image { user.image = image }
        if let onboardingStatus { user.onboardingStatus = onboardingStatus }
    }
}
