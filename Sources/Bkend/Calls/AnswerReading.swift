import BkendWire
import HTTPTypes

/// What an answer's head and body mean.
enum AnswerReading {
    /// The payload of a success, in either body shape.
    case payload(JSON)
    /// A failure that the server itself states.
    case error(ErrorBody)
    /// Not a bkend server's answer: why.
    case foreign(String)

    init(_ head: HTTPResponse, _ body: [UInt8]) {
        let status = head.status.code
        if body.isEmpty, (200...299).contains(status) {
            self = status == 204 ? .payload(.null) : .foreign("the body is empty")
            return
        }
        if (300...399).contains(status) {
            self = .foreign("redirects are never followed, to protect the key")
            return
        }
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            self = .foreign(body.isEmpty ? "the body is empty" : "the body isn't JSON: \(error)")
            return
        }
        let isSuccess = (200...299).contains(status) && json["success"] != .bool(false)
        if isSuccess {
            self = .payload(Answer.payload(of: json))
        } else if let error = ErrorBody(json, status: status) {
            self = .error(error)
        } else {
            self = .foreign("the JSON isn't a bkend error")
        }
    }
}
