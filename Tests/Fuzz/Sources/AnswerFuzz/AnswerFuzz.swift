import Bkend
import BkendSync
import BkendWire
import LibFuzzer

/// What a client reads from a server or from its disk: list answers and records, which are cut into rows without building
/// values, say what reading them whole says; a session's file is a session or refused.
///
/// An input is one byte for the kind and then the text.
@main struct AnswerFuzz {
    static func main() {
        LibFuzzer.run { start, count in
            guard count > 0 else { return 0 }
            let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
            switch start.pointee % 3 {
            case 0: AnswerFuzz.page(bytes)
            case 1: AnswerFuzz.row(bytes)
            default: AnswerFuzz.session(bytes)
            }
            return 0
        }
    }

    private static func page(_ bytes: [UInt8]) {
        let page = AnswerPage(parsing: bytes)
        let whole = payload(bytes, marker: "items")
        let items = whole?["items"]?.arrayValue
        guard let items, let pagination = Pagination(whole?["pagination"]), items.allSatisfy({ isRecord($0) }) else {
            return precondition(page == nil, "a page without items, total or ids was read")
        }
        guard let page else { preconditionFailure("a page was refused") }
        precondition(page.total == pagination.total && page.hasNext == pagination.hasNext)
        precondition(page.rows.count == items.count, "rows were lost")
        for (row, item) in zip(page.rows, items) { compare(row, item) }
    }

    private static func row(_ bytes: [UInt8]) {
        let row = AnswerRow(answer: bytes)
        guard let whole = payload(bytes, marker: "id"), isRecord(whole) else {
            return precondition(row == nil, "a record without an id was read")
        }
        guard let row else { preconditionFailure("a record was refused") }
        compare(row, whole)
    }

    private static func session(_ bytes: [UInt8]) {
        guard let session = try? JSON(parsing: bytes).decode(Session.self) else { return }
        guard let text = try? JSON(encoding: session).serialized(),
            let again = try? JSON(parsing: text).decode(Session.self)
        else { preconditionFailure("a session that was read can't be written and read again") }
        precondition(again == session)
        // What may be logged has no token in it.
        let description = "\(session)"
        for token in [session.accessToken, session.refreshToken] where token.utf8.count > 8 {
            let isElsewhere = session.userID.contains(token) || session.server.contains(token)
            precondition(isElsewhere || !description.contains(token), "a token is shown")
        }
    }

    /// The payload of an answer, bare or wrapped (rest-api.md §2): a bare one has the marker.
    private static func payload(_ bytes: [UInt8], marker: String) -> JSON? {
        guard let json = try? JSON(parsing: bytes), json.objectValue != nil else { return nil }
        if json[marker] != nil { return json }
        return json["success"] == .bool(true) ? json["data"] : nil
    }

    private static func isRecord(_ json: JSON) -> Bool { json["id"]?.stringValue?.isEmpty == false }

    private static func compare(_ row: AnswerRow, _ item: JSON) {
        precondition(item["id"]?.stringValue?.hasSameBytes(as: row.id) == true, "another id")
        precondition((try? JSON(parsing: row.text)) == item, "another text")
        precondition(item["updatedAt"]?.stringValue == row.updatedAt)
        precondition((item["createdBy"]?.stringValue ?? "") == row.createdBy)
        precondition(item["clientKey"]?.stringValue == row.clientKey)
    }
}
