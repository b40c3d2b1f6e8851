import BkendAccounts
import BkendWire
import HummingbirdCore

/// What all requests of a server share.
final class RouteServices: Sendable {
    let environments: Environments
    let keys: KeyRing
    let configuration: ServerConfiguration
    /// The memory of all answers under way.
    let answers: AnswerBudget
    /// Whose keys of files are whose.
    let tags: EnvironmentTags
    /// What resizes pictures; nil where that isn't installed.
    let images: ImageTransformer?

    /// What requests for files' bytes count for, which carry no key.
    static let addresses = KeyDigest(of: "addresses of files")

    init(
        environments: Environments, keys: KeyRing, tags: EnvironmentTags, configuration: ServerConfiguration,
        answers: AnswerBudget, images: ImageTransformer?
    ) {
        self.images = images
        self.environments = environments
        self.tags = tags
        self.keys = keys
        self.configuration = configuration
        self.answers = answers
    }

    /// Who sends a request: what its key and, where the route takes one, its access token make of it.
    ///
    /// - Throws: `ErrorBody`: 401 or 403 for the token, 403 when the key's scopes don't cover the route.
    func caller(
        _ credentials: Credentials, _ key: ResolvedKey, on route: Route, in environment: OpenEnvironment
    ) async throws -> Caller {
        var caller = Caller(key: key)
        if route.takesTokens, let token = credentials.token {
            if let tokens = configuration.accessTokens {
                caller = try await tokens.caller(of: token, in: key.environment).with(key)
            } else {
                caller = try await environment.caller(of: token).with(key)
            }
        }
        if let operation = route.usersScope { try caller.checkScopes(for: operation, on: "users") }
        if let operation = route.filesScope { try caller.checkScopes(for: operation, on: "files") }
        return caller
    }

    /// What an answer to a client is counted for.
    func account(of client: ClientAddress?) -> AnswerAccount {
        let connection = Connection.current
        return AnswerAccount(answers, client: client, drop: { connection?.drop() })
    }
}

/// A request on its way through its route: what its handler works with.
struct RouteCall: Sendable {
    let services: RouteServices
    let route: Route
    /// The name of the table in the path; empty when the route has none.
    let table: String
    /// The id in the path; empty when the route has none.
    let id: String
    let request: Request
    /// The query string, as it was sent.
    let query: Substring
    let requestID: String
    let client: ClientAddress?
    let credentials: Credentials
    let key: ResolvedKey
    let environment: OpenEnvironment
    /// Who sent the request, as of its head; see `body`.
    let caller: Caller

    var limits: ServerLimits { services.configuration.limits }

    var accounts: Accounts { environment.accounts }

    /// Whether the answers of the key's project are wrapped.
    var isProjectWrapped: Bool { services.configuration.wrappedProjects.contains(key.environment.project) }

    /// What the accounts remember of the client.
    var clientInfo: ClientInfo {
        ClientInfo(address: client?.description, userAgent: request.headers[.userAgent])
    }

    /// The request's body, and who sends it once it is there: it may take its time, and key and session may end
    /// meanwhile, or have other scopes or another role.
    func body() async throws -> (body: BodyReader.Body, caller: Caller) {
        let body = try await readBody()
        return (body, try await callerNow())
    }

    private func readBody(upTo bytes: Int? = nil) async throws -> BodyReader.Body {
        try await BodyReader(bytes: bytes ?? route.budget(limits).bodyBytes, limits: limits).read(request)
    }

    /// Who sends the request, by what key and session are now.
    func callerNow() async throws -> Caller {
        let key = try await services.keys.key(credentials.key, now: services.configuration.now())
        return try await services.caller(credentials, key, on: route, in: environment)
    }

    /// The members of a body that is a JSON object; see `body`. A large one waits for its turn to be parsed, so the caller
    /// is looked up after that.
    ///
    /// - Parameter bytes: how many the body may have; as many as the route's budget has when left out.
    func fields(upTo bytes: Int? = nil) async throws -> (fields: JSONObject, caller: Caller) {
        let body = try await readBody(upTo: bytes)
        let json = try await environment.store.engine.work(.body(bytes: body.count)) { try body.json() }
        guard let object = json.objectValue else {
            let message = "the body must be a JSON object, not \(json.typeName)"
            throw ErrorBody(
                "auth/invalid-request", message, details: [.init(field: "body", rule: "type", message: message)])
        }
        return (object, try await callerNow())
    }

    /// Who asks for something of files.
    func asker(_ caller: Caller) -> FileCaller {
        FileCaller(
            caller: caller, keyMark: key.digest.mark,
            base: services.configuration.base(of: request, from: Connection.current?.peer))
    }

    /// Refuses everybody but administrators the view of `users` or `files` as a table.
    func checkAdmin(_ table: String = "users") throws(ErrorBody) {
        guard caller.isAdmin else {
            throw ErrorBody(.systemTableAccess, "\(table) is a system table, open to administrators only")
        }
    }
}
