import BkendWire

// rest-api.md §10, the codes that only accounts answer with.
extension ErrorCode {
    static var invalidEmail: ErrorCode { "auth/invalid-email" }
    static var invalidPasswordFormat: ErrorCode { "auth/invalid-password-format" }
    static var weakPassword: ErrorCode { "auth/weak-password" }
    static var sameAsPreviousPassword: ErrorCode { "auth/same-as-previous-password" }
    static var invalidRequest: ErrorCode { "auth/invalid-request" }
    static var sessionNotFound: ErrorCode { "auth/session-not-found" }
    static var emailAlreadyExists: ErrorCode { "auth/email-already-exists" }
    static var userForbidden: ErrorCode { "user/forbidden" }
    static var userNotFound: ErrorCode { "user/not-found" }
}
