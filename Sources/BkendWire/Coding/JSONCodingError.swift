/// Why a Swift value has no JSON form, or a JSON value is none of the wanted type, and where.
public struct JSONCodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The place inside the value, `author.tags[2]` for example; empty for the whole.
    public var path: String
    /// What is wrong and what is expected.
    public var message: String

    /// An error at a place.
    package init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    /// `author.age: expected a whole number, found 1.5`
    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension JSONCodingError {
    /// What an encoder, a decoder or a model's own code threw.
    package init(_ error: any Error, whole: String = "") {
        switch error {
        case let error as JSONCodingError:
            self = error
        case EncodingError.invalidValue(_, let context):
            self.init(path: Self.text(of: context.codingPath), message: context.debugDescription)
        case DecodingError.keyNotFound(let key, let context):
            self.init(path: Self.text(of: context.codingPath + [key]), message: "the field is missing")
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            self.init(path: Self.text(of: context.codingPath), message: context.debugDescription)
        default:
            self.init(path: whole, message: String(describing: error))
        }
    }

    /// A coding path as text: names joined by dots, positions in brackets.
    package static func text(of path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return text
    }
}

/// A position in an array, or the name that `superEncoder()` uses.
enum JSONCodingKey: CodingKey {
    case index(Int)
    case name(String)

    static let superKey = JSONCodingKey.name("super")

    init(stringValue: String) { self = .name(stringValue) }
    init(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .index(let index): String(index)
        case .name(let name): name
        }
    }

    var intValue: Int? { if case .index(let index) = self { index } else { nil } }
}
