import BkendWire

/// How large records may become. A body's limit alone doesn't say: each PATCH may add another body to a record, defaults
/// and the longer form of some numbers add what no body held.
enum RecordSize {
    /// Refuses a record of more bytes than the server keeps.
    ///
    /// - Throws: `ErrorBody` with 413.
    static func check(_ bytes: Int, _ limits: ServerLimits, field: String) throws(ErrorBody) {
        if let message = flaw(of: bytes, atMost: limits.largestRecord) {
            throw ErrorBody(
                .payloadTooLarge, message, details: [.init(field: field, rule: "recordBytes", message: message)])
        }
    }

    /// What is wrong with a record of so many bytes; nil when nothing is.
    static func flaw(of bytes: Int, atMost limit: Int) -> String? {
        guard bytes > limit else { return nil }
        return "the record would have \(bytes) bytes, and this server keeps at most \(limit) of one;"
            + " put a part of it into records of their own"
    }

    /// Refuses records whose answer would have more bytes than a page.
    ///
    /// - Throws: `ErrorBody` with 413.
    static func check(together bytes: Int, _ limits: ServerLimits) throws(ErrorBody) {
        guard bytes > max(limits.largestPage, limits.largestRecord) else { return }
        let message =
            "the records would have more than the \(limits.largestPage) bytes that this server answers at once; create fewer"
        throw ErrorBody(
            .payloadTooLarge, message, details: [.init(field: "body", rule: "pageBytes", message: message)])
    }
}
