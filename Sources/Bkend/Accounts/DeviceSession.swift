import BkendWire
public import Foundation

/// One of a user's sessions, as the server knows it (rest-api.md §11).
public struct DeviceSession: Hashable, Sendable, Identifiable {
    /// The session's id.
    public var id: String
    /// The `User-Agent` of the sign-in or of the last refresh.
    public var userAgent: String?
    /// The IP address.
    public var ipAddress: String?
    /// The device information that the client sent.
    public var deviceInfo: String?
    /// When it signed in or last refreshed.
    public var lastActivityAt: Date
    /// When it signed in.
    public var createdAt: Date

    /// Reads a session.
    ///
    /// - Throws: `JSONCodingError` with the member that is missing or of another type.
    package init(json: JSONObject) throws(JSONCodingError) {
        let fields = AnswerFields(json)
        id = try fields.text("id")
        userAgent = try fields.optionalText("userAgent")
        ipAddress = try fields.optionalText("ipAddress")
        deviceInfo = try fields.optionalText("deviceInfo")
        lastActivityAt = try fields.date("lastActivityAt")
        createdAt = try fields.date("createdAt")
    }
}
