import BkendWire
import Foundation

/// The members of an answer's object, each of its type or named in an error.
struct AnswerFields {
    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func optionalText(_ name: String) throws(JSONCodingError) -> String? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other): throw JSONCodingError(path: name, message: "expected a string, found \(other.typeName)")
        }
    }

    func text(_ name: String) throws(JSONCodingError) -> String {
        guard let text = try optionalText(name), !text.isEmpty else {
            throw JSONCodingError(path: name, message: "the member is missing")
        }
        return text
    }

    func optionalDate(_ name: String) throws(JSONCodingError) -> Date? {
        guard let text = try optionalText(name) else { return nil }
        guard let moment = Timestamp(text) else {
            throw JSONCodingError(path: name, message: "expected a date in ISO 8601, found \(JSON.string(text))")
        }
        return moment.date
    }

    func date(_ name: String) throws(JSONCodingError) -> Date {
        guard let date = try optionalDate(name) else {
            throw JSONCodingError(path: name, message: "the member is missing")
        }
        return date
    }
}
