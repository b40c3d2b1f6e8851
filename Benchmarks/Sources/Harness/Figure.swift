import Foundation

/// One comparison, as it is reported: a line of the table, and a line of JSON.
package struct Figure: Codable, Sendable {
    /// Which program measured it: `transport`, `server`, `documents`.
    package var benchmark: String
    /// What was measured.
    package var name: String
    /// How many records there were, where that matters.
    package var size: Int?
    /// What the ratio is of: `speed` (more is better) or `time` (less is better).
    package var kind: String
    /// Who is measured, and against whom.
    package var subject: String
    package var reference: String
    /// Ratio of subject to reference within a round: the middle one, the least, the greatest of all rounds.
    package var ratio: Double
    package var ratioMinimum: Double
    package var ratioMaximum: Double
    package var rounds: Int
    /// Middle microseconds an operation, of both.
    package var subjectMicroseconds: Double
    package var referenceMicroseconds: Double
    /// Middle microseconds of processor time an operation, of both.
    package var subjectProcessorMicroseconds: Double
    package var referenceProcessorMicroseconds: Double
    /// The goal as text, and whether it is met; nil without one.
    package var goal: String?
    package var isMet: Bool?
    /// The machine's load when the figure was ready.
    package var load: Double

    /// Compares two measurements of the same rounds; a goal "at least" makes it a ratio of speeds.
    package init(
        _ benchmark: String, _ name: String, size: Int? = nil, _ subject: Measurement, against reference: Measurement,
        kind: Kind, goal: Goal? = nil
    ) {
        let times = subject.seconds.divided(by: reference.seconds)
        let ratios = kind == .speed ? times.map { 1 / $0 } : times
        self.benchmark = benchmark
        self.name = name
        self.size = size
        self.kind = kind.rawValue
        self.subject = subject.name
        self.reference = reference.name
        ratio = ratios.median
        ratioMinimum = ratios.minimum
        ratioMaximum = ratios.maximum
        rounds = ratios.values.count
        subjectMicroseconds = subject.seconds.median * 1e6
        referenceMicroseconds = reference.seconds.median * 1e6
        subjectProcessorMicroseconds = subject.processorSeconds.median * 1e6
        referenceProcessorMicroseconds = reference.processorSeconds.median * 1e6
        self.goal = goal?.text
        isMet = goal.map { $0.isMet(by: ratios.median) }
        load = Machine.load
    }

    /// What a ratio is of.
    package enum Kind: String, Sendable {
        /// Operations a second: more is better.
        case speed
        /// Time an operation: less is better.
        case time
    }

    /// The figures of a file of lines of JSON.
    package static func read(_ path: String) throws -> [Figure] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Figure.self, from: Data($0.utf8)) }
    }

    /// One line of JSON.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
