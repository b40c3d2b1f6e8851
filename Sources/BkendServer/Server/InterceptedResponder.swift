import Hummingbird
import HummingbirdCore

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
