import ArgumentParser
import BkendServer
import BkendWire
import Foundation

/// What goes to standard output: only what a command promises, each line at once.
enum StandardOutput {
    static func line(_ text: String) { self.text(text + "\n") }

    static func text(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// One JSON object on one line.
    static func json(_ object: JSONObject) { line(object.description) }

    /// One JSON array on one line.
    static func json(_ objects: [JSONObject]) { line(JSON.array(objects.map(JSON.object)).description) }

    /// Rows in columns as wide as they need, under headings.
    static func table(_ headings: [String], _ rows: [[String]]) {
        let lines = [headings] + rows
        let widths = headings.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for cells in lines {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let text = padded.joined(separator: "  ")
            line(String(text.reversed().drop { $0 == " " }.reversed()))
        }
    }
}

extension JSONObject {
    /// The text over several lines, for people.
    var indented: String {
        func text(_ value: JSON, _ margin: String) -> String {
            let inner = margin + "  "
            switch value {
            case .object(let object) where !object.isEmpty:
                let members = object.map { "\(inner)\(JSON.string($0.key)): \(text($0.value, inner))" }
                return "{\n" + members.joined(separator: ",\n") + "\n\(margin)}"
            case .array(let values) where values.contains { $0.objectValue != nil }:
                return "[\n" + values.map { inner + text($0, inner) }.joined(separator: ",\n") + "\n\(margin)]"
            default: return value.description
            }
        }
        return text(.object(self), "")
    }
}

/// What goes to standard error: what failed, and what a command has to say beside its result.
enum StandardError {
    static func line(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

/// Runs a command's work; what fails becomes clear lines on standard error and an exit status.
func reportingFailure<Result>(_ work: () async throws -> Result) async throws -> Result {
    do { return try await work() } catch let exit as ExitCode { throw exit } catch {
        let lines: [String]
        switch error {
        case let error as OperatorError: lines = [error.description]
        case let error as TableMistakes: lines = error.mistakes.map { "\($0.field): \($0.message)" }
        case let error as ErrorBody: lines = [error.message]
        case let error as QueryError: lines = ["\(error)"]
        default: lines = [ServerFailure.line(for: error)]
        }
        for line in lines { StandardError.line("bkend-server: \(line)") }
        throw ExitCode(ExitStatus(error).rawValue)
    }
}
