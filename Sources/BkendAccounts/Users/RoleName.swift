import BkendWire

/// A role's name: `admin`, `user`, `guest`, or an app's own (rest-api.md §8a).
enum RoleName {
    static let admin = "admin"
    static let user = "user"

    /// Reads the member `role` of a body.
    static func read(_ text: String) throws(ErrorBody) -> String {
        let isSound =
            (1...64).contains(text.utf8.count)
            && text.utf8.enumerated().allSatisfy { position, byte in
                switch byte {
                case 0x41...0x5A, 0x61...0x7A: true
                case 0x30...0x39, 0x5F, 0x2D: position > 0
                default: false
                }
            }
        guard isSound else {
            let message = "role: a letter, then letters, digits, _ and -, at most 64"
            throw ErrorBody(
                .invalidParameters, message, details: [.init(field: "role", rule: "pattern", message: message)])
        }
        return text
    }
}
