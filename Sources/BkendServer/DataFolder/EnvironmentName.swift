/// A project and one of its environments: what a key belongs to, and what nothing leaks out of (rest-api.md §1).
package struct EnvironmentName: Hashable, Sendable, CustomStringConvertible {
    /// The project of a folder that was made without naming one.
    package static let defaultProject = "default"
    /// The environment used when none is named.
    package static let defaultEnvironment = "dev"

    /// The project's name.
    package let project: String
    /// The environment's name: `dev`, `staging`, `prod`, or a custom one.
    package let environment: String

    /// A name of its two parts, which are also names of a folder and a file.
    ///
    /// - Throws: `OperatorError` when a part has other characters than letters, digits, `_` and `-`.
    package init(project: String, environment: String) throws(OperatorError) {
        for (label, name) in [("project", project), ("environment", environment)] where !Self.isSound(name) {
            throw OperatorError(
                "the \(label) name \(name.debugDescription) is not valid: use letters, digits, _ and -, at most 64",
                .usage)
        }
        self.project = project
        self.environment = environment
    }

    /// `shop/dev`
    package var description: String { "\(project)/\(environment)" }

    private static func isSound(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        return name.utf8.enumerated().allSatisfy { position, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case 0x5F, 0x2D: position > 0
            default: false
            }
        }
    }
}
