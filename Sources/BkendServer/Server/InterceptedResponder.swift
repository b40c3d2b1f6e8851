#if Server
import Hummingbird
import HummingbirdCore

/// Stands between a server's connections and its API, where tests make requests go wrong as a broken network or a proxy
/// would: by an answer of its own, by changing one, or by breaking the connection.
///
/// - Parameters:
///   - request: as it came; its body is not read yet.
///   - drop: breaks the connection off; what is answered afterwards reaches nobody.
///   - next: the API.
package typealias Interception =
    @Sendable (
        _ request: Request, _ drop: @escaping @Sendable () -> Void,
        _ next: @escaping @Sendable (Request) async throws -> Response
    ) async throws -> Response

/// The API behind what a test has put before it; the API alone where nothing was.
struct InterceptedResponder: HTTPResponder {
    typealias Context = APIResponder.Context

    let api: APIResponder
    let interception: Interception?

    func respond(to request: Request, context: Context) async throws -> Response {
        guard let interception else { return try await api.respond(to: request, context: context) }
        let connection = Connection.current
        return try await interception(request, { connection?.drop() }) { [api] request in
            try await api.respond(to: request, context: context)
        }
    }
}

/// Runs what nobody waits for any longer, and what must be done all the same.
package func withoutConnection<Result>(_ body: () async throws -> Result) async rethrows -> Result {
    try await Connection.$current.withValue(nil, operation: body)
}
#endif
