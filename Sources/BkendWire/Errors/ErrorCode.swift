/// A server's error code: an open set (rest-api.md §10). Codes that this version doesn't know are kept as they are.
///
/// ```swift
/// if error.code == .duplicateValue { hint("That name is taken") }
/// ```
public struct ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The code as the server sends it, `data/not-found` for example.
    public var rawValue: String

    /// A code by its text.
    public init(rawValue: String) { self.rawValue = rawValue }
}

extension ErrorCode: OpenName {}

extension ErrorCode {
    /// 400: the record, filter or parameter is not valid.
    public static let validationError: ErrorCode = "data/validation-error"
    /// 400: a required header is missing.
    package static let invalidHeader: ErrorCode = "data/invalid-header"
    /// 400: the query took longer than the server allows.
    public static let queryTimeout: ErrorCode = "data/query-timeout"
    /// 400: the page has more bytes than the server answers at once; `BkendError.largestLimit` says how many rows fit.
    public static let pageTooLarge: ErrorCode = "data/page-too-large"
    /// 400: a parameter outside of records is not valid.
    package static let invalidParameters: ErrorCode = "common/invalid-parameters"
    /// 401: the API key is malformed, unknown, revoked or expired.
    public static let invalidAPIKey: ErrorCode = "auth/invalid-api-key"
    /// 401: the caller must sign in.
    public static let unauthorized: ErrorCode = "auth/unauthorized"
    /// 401: the call needs a signed-in user.
    package static let authenticationRequired: ErrorCode = "common/authentication-required"
    /// 401: the access token has expired.
    public static let tokenExpired: ErrorCode = "auth/token-expired"
    /// 401: the access token is not valid.
    package static let invalidToken: ErrorCode = "auth/invalid-token"
    /// 401: the access token is not a token.
    package static let invalidTokenFormat: ErrorCode = "auth/invalid-token-format"
    /// 401: address or password is wrong.
    public static let invalidCredentials: ErrorCode = "auth/invalid-credentials"
    /// 401: the refresh token is not valid, or was used already.
    package static let invalidRefreshToken: ErrorCode = "auth/invalid-refresh-token"
    /// 401: the session has ended.
    public static let sessionExpired: ErrorCode = "auth/session-expired"
    /// 403: the caller may not do this to the record or table.
    public static let permissionDenied: ErrorCode = "data/permission-denied"
    /// 403: the key's scopes don't include this.
    package static let scopeInsufficient: ErrorCode = "data/scope-insufficient"
    /// 403: a system table is for administrators.
    package static let systemTableAccess: ErrorCode = "data/system-table-access"
    /// 403: the token belongs to another project or environment.
    package static let projectAccessDenied: ErrorCode = "data/project-access-denied"
    /// 403: the account is disabled.
    public static let accountBanned: ErrorCode = "auth/account-banned"
    /// 404: there is no such table.
    public static let tableNotFound: ErrorCode = "data/table-not-found"
    /// 404: there is no such record.
    public static let notFound: ErrorCode = "data/not-found"
    /// 404: there is no such environment.
    package static let environmentNotFound: ErrorCode = "data/environment-not-found"
    /// 404: there is no such route.
    package static let routeNotFound: ErrorCode = "common/not-found"
    /// 409: another record holds this value of a unique field.
    public static let duplicateValue: ErrorCode = "data/duplicate-value"
    /// 400: the file has more bytes than the server takes, or than were announced.
    public static let fileTooLarge: ErrorCode = "file/file-too-large"
    /// 403: the file is another user's, or the address isn't valid any more.
    public static let fileAccessDenied: ErrorCode = "file/access-denied"
    /// 404: there is no such file, or its bytes were not uploaded.
    public static let fileNotFound: ErrorCode = "file/not-found"
    /// 409: the file of this key is registered already.
    public static let fileKeyExists: ErrorCode = "file/s3-key-already-exists"
    /// 410: the cursor of the change feed doesn't hold any more.
    public static let cursorExpired: ErrorCode = "data/cursor-expired"
    /// 413: the body, or the record that it would make, is larger than the server takes.
    public static let payloadTooLarge: ErrorCode = "common/payload-too-large"
    /// 415: the body is not JSON.
    package static let unsupportedMediaType: ErrorCode = "common/unsupported-media-type"
    /// 429: too many requests.
    public static let rateLimitExceeded: ErrorCode = "data/rate-limit-exceeded"
    /// 429: too many connections of one address, or requests in flight of one client.
    package static let tooManyConnections: ErrorCode = "common/too-many-connections"
    /// 429: too many requests to the accounts' routes.
    package static let tooManyRequests: ErrorCode = "auth/too-many-requests"
    /// 429: too many attempts to sign in.
    public static let tooManyLoginAttempts: ErrorCode = "auth/too-many-login-attempts"
    /// 500: the server failed.
    public static let internalError: ErrorCode = "common/internal-error"
    /// 503: too much waits on the server, or is under way; `Retry-After` says when to come again.
    public static let serviceUnavailable: ErrorCode = "common/service-unavailable"
    /// 507: the server's disk is full.
    public static let insufficientStorage: ErrorCode = "common/insufficient-storage"

    /// The HTTP status that rest-api.md §10 gives a code; 400 for an unknown one.
    package var status: Int { Self.statuses[self] ?? 400 }

    private static let statuses: [ErrorCode: Int] = [
        .tooManyConnections: 429,
        .invalidAPIKey: 401, .unauthorized: 401, .authenticationRequired: 401, .tokenExpired: 401, .invalidToken: 401,
        .invalidTokenFormat: 401, .invalidCredentials: 401, .invalidRefreshToken: 401, .sessionExpired: 401,
        .permissionDenied: 403, .scopeInsufficient: 403, .systemTableAccess: 403, .projectAccessDenied: 403,
        "auth/email-not-verified": 403, .accountBanned: 403, "auth/mfa-required": 403, .fileAccessDenied: 403,
        "user/forbidden": 403, .tableNotFound: 404, .notFound: 404, .environmentNotFound: 404, .routeNotFound: 404,
        "auth/session-not-found": 404, "user/not-found": 404, .fileNotFound: 404, .duplicateValue: 409,
        "auth/email-already-exists": 409, .fileKeyExists: 409, .cursorExpired: 410, "common/length-required": 411,
        .payloadTooLarge: 413, .unsupportedMediaType: 415, .rateLimitExceeded: 429, .tooManyRequests: 429,
        .tooManyLoginAttempts: 429, .internalError: 500, .serviceUnavailable: 503, .insufficientStorage: 507,
    ]
}
