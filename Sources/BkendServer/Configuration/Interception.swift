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
