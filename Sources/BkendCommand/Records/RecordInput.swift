import BkendWire
import Foundation

/// Records as an argument or on standard input: one JSON object, an array of them, or one on each line.
enum RecordInput {
    /// The most that is read from standard input, in bytes.
    private static let largest = 64 << 20

    /// The objects of an argument; `-` stands for standard input.
    static func objects(_ argument: String) throws -> [JSONObject] {
        let text = argument == "-" ? try standardInput() : Array(argument.utf8)
        do {
            switch try JSON(parsing: text) {
            case .object(let object): return [object]
            case .array(let values): return try values.enumerated().map { try object($1, "record \($0 + 1)") }
            case let other: throw CommandFailure("a record is a JSON object, not \(other.typeName)", .data)
            }
        } catch let whole as JSONError {
            return try lines(text, whole)
        }
    }

    /// The one object of an argument.
    static func object(_ argument: String) throws -> JSONObject {
        let objects = try objects(argument)
        guard objects.count == 1 else { throw CommandFailure("expected one JSON object, not \(objects.count)", .data) }
        return objects[0]
    }

    private static func lines(_ text: [UInt8], _ whole: JSONError) throws -> [JSONObject] {
        let lines = text.split(separator: 10, omittingEmptySubsequences: false).enumerated().filter { !$1.isEmpty }
        guard lines.count > 1 else { throw CommandFailure("the record isn't JSON: \(whole)", .data) }
        return try lines.map { number, line in
            do { return try object(JSON(parsing: Array(line)), "line \(number + 1)") } catch let error as JSONError {
                throw CommandFailure("line \(number + 1) isn't JSON: \(error)", .data)
            }
        }
    }

    private static func object(_ value: JSON, _ place: String) throws -> JSONObject {
        guard case .object(let object) = value else {
            throw CommandFailure("\(place): a record is a JSON object, not \(value.typeName)", .data)
        }
        return object
    }

    /// What standard input holds.
    ///
    /// - Throws: `CommandFailure` where that is too much.
    static func standardInput() throws -> [UInt8] {
        var bytes = Data()
        while let part = try FileHandle.standardInput.read(upToCount: 1 << 16), !part.isEmpty {
            bytes += part
            if bytes.count > largest {
                throw CommandFailure(
                    "standard input holds more than \(largest >> 20) MiB", .data)
            }
        }
        return [UInt8](bytes)
    }
}
