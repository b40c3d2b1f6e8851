import BkendWire
import Testing

@Suite struct ErrorCodeTests {
    /// rest-api.md §10, row by row.
    @Test(
        "every code has the status of its row",
        arguments: [
            (
                400,
                "data/validation-error data/invalid-header auth/invalid-email auth/invalid-password-format auth/weak-password "
                    + "auth/same-as-previous-password auth/invalid-request common/invalid-parameters data/query-timeout"
            ),
            (
                401,
                "auth/unauthorized auth/invalid-api-key auth/invalid-token-format auth/token-expired auth/invalid-token "
                    + "auth/invalid-credentials auth/invalid-refresh-token auth/session-expired common/authentication-required"
            ),
            (
                403,
                "data/permission-denied data/scope-insufficient data/system-table-access data/project-access-denied "
                    + "auth/email-not-verified auth/account-banned auth/mfa-required file/access-denied user/forbidden"
            ),
            (
                404,
                "data/table-not-found data/not-found data/environment-not-found auth/session-not-found user/not-found "
                    + "file/not-found common/not-found"
            ),
            (409, "data/duplicate-value auth/email-already-exists file/s3-key-already-exists"),
            (413, "common/payload-too-large"), (415, "common/unsupported-media-type"),
            (429, "data/rate-limit-exceeded auth/too-many-requests auth/too-many-login-attempts"),
            (500, "common/internal-error"), (507, "common/insufficient-storage"),
        ])
    func everyCodeStatus(status: Int, codes: String) {
        for code in codes.split(separator: " ") {
            #expect(ErrorCode(rawValue: String(code)).status == status, "\(code)")
            #expect(ErrorBody(ErrorCode(rawValue: String(code)), "m").status == status)
        }
    }

    @Test("an unknown code keeps its text")
    func unknownCodeKeeps() {
        let code = ErrorCode(rawValue: "data/brand-new")
        #expect(code.description == "data/brand-new")
        #expect(code.status == 400)
        #expect(code == "data/brand-new")
        #expect(code != .validationError)
    }
}
