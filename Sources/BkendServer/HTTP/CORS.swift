#if Server
import HTTPTypes

/// What browsers are told: any origin may call, and which headers it may send and read (rest-api.md §1).
enum CORS {
    /// Adds the headers of an answer to a request from a web page.
    static func allow(_ headers: inout HTTPFields) {
        headers[.accessControlAllowOrigin] = "*"
        headers[.accessControlExposeHeaders] =
            "ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
    }

    /// The headers of the answer to a preflight request (the Fetch standard, "CORS-preflight request").
    static func preflight() -> HTTPFields {
        var headers = HTTPFields()
        allow(&headers)
        headers[.accessControlAllowMethods] = "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS"
        headers[.accessControlAllowHeaders] = "X-API-Key, Authorization, Content-Type, X-Request-Id"
        headers[.accessControlMaxAge] = "86400"
        return headers
    }
}
#endif
