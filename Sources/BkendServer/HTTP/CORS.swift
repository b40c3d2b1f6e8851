import HTTPTypes

/// What browsers are told: any origin may call, and which headers it may send and read (rest-api.md §1).
enum CORS {
    /// Adds the headers of an answer to a request from a web page.
    ///
    /// - Parameter extensions: what the answer says of the server; a page may read it where there is something to read.
    static func allow(_ headers: inout HTTPFields, extensions: Extensions = .none) {
        headers[.accessControlAllowOrigin] = "*"
        var exposed =
            "ETag, Content-Range, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
        if extensions.text != nil { exposed += ", \(Extensions.field.rawName), \(Extensions.position.rawName)" }
        headers[.accessControlExposeHeaders] = exposed
    }

    /// The headers of the answer to a preflight request (the Fetch standard, "CORS-preflight request").
    static func preflight() -> HTTPFields {
        var headers = HTTPFields()
        allow(&headers)
        headers[.accessControlAllowMethods] = "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS"
        headers[.accessControlAllowHeaders] =
            "X-API-Key, Authorization, Content-Type, Content-Digest, Range, If-Range, If-None-Match, X-Request-Id"
        headers[.accessControlMaxAge] = "86400"
        return headers
    }
}
