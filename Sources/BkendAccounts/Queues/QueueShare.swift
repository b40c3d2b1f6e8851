/// Whose place in a queue it is. Projects take turns first, then the clients within each.
package struct QueueShare: Hashable, Sendable {
    /// The project.
    package var project: String
    /// The project's environment.
    package var environment: String
    /// The client: an IP address, or the server itself.
    package var client: String

    /// A share.
    package init(project: String, environment: String, client: String) {
        self.project = project
        self.environment = environment
        self.client = client
    }

    /// What the server does without being asked.
    package static let own = QueueShare(project: "", environment: "", client: "")

    /// The environment with its project, which its name alone doesn't tell.
    var place: Place { Place(project: project, environment: environment) }

    struct Place: Hashable, Sendable {
        let project: String
        let environment: String
    }
}
