import BkendWire
import HTTPTypes

/// What a request presents: an API key, and perhaps a user's access token (rest-api.md §1).
struct Credentials: Sendable {
    let key: Substring
    let token: Substring?

    /// Reads the headers.
    ///
    /// - Throws: `ErrorBody`: 400 when there is no key, 401 when the authorization is of another form than `Bearer`.
    init(_ headers: HTTPFields) throws(ErrorBody) {
        let bearer = try Self.bearer(headers[.authorization])
        if let key = headers[.apiKey], !key.isEmpty {
            self.key = key[...]
            token = bearer.flatMap { APIKey.looksLikeKey($0) ? nil : $0 }
        } else if let bearer, APIKey.looksLikeKey(bearer) {
            key = bearer
            token = nil
        } else {
            throw ErrorBody(.invalidHeader, "the header X-API-Key is missing: send the project's pk_ or sk_ key")
        }
    }

    private static func bearer(_ value: String?) throws(ErrorBody) -> Substring? {
        guard let value, !value.isEmpty else { return nil }
        guard let space = value.firstIndex(of: " "), value[..<space].lowercased() == "bearer" else {
            throw ErrorBody(.invalidTokenFormat, "the header Authorization must be: Bearer TOKEN")
        }
        return value[space...].drop { $0 == " " }
    }
}

extension HTTPField.Name {
    /// `X-API-Key`
    static let apiKey = HTTPField.Name("X-API-Key")!  // a constant that is a valid name
    /// `X-Request-Id`
    static let requestID = HTTPField.Name("X-Request-Id")!  // a constant that is a valid name
}
