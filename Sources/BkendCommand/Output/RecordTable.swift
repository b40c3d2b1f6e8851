import BkendTerminal
import BkendWire

/// Records as lines of columns that fit the terminal.
///
/// The first records decide which columns there are and how wide they get; further ones are cut or padded to fit, so that
/// a million records can be printed without holding more than a page.
struct RecordTable {
    /// A column.
    private struct Column {
        var field: String
        var width: Int
        var isRight: Bool
    }

    private let columns: [Column]
    /// The fields that had no room.
    let hidden: [String]
    private let terminal: Terminal

    /// No column is narrower, unless its longest value is.
    private static let narrowest = 6
    /// No column is wider where the terminal has a width.
    private static let widest = 60
    private static let gap = 2

    /// - Parameter fields: the columns in this order; nil for the fields of the records, in the order in which they
    ///   appear, with the times last.
    init(_ first: [JSONObject], fields: [String]? = nil, terminal: Terminal) {
        self.terminal = terminal
        var columns = (fields ?? Self.fields(of: first)).map { field in
            let values = first.compactMap { $0[field] }
            let longest = values.map { TextWidth.of(Self.cell($0)) }.max() ?? 0
            let isRight = !values.isEmpty && values.allSatisfy { $0.isNumber }
            return Column(field: field, width: max(longest, TextWidth.of(Self.shown(field))), isRight: isRight)
        }
        var hidden: [String] = []
        if let width = terminal.columns {
            for index in columns.indices { columns[index].width = min(columns[index].width, Self.widest) }
            func total() -> Int { columns.reduce(-Self.gap) { $0 + $1.width + Self.gap } }
            while total() > width {
                // The widest one gives way, the last of equals. An id that is cut is of no use: others go before it.
                let others = columns.indices.filter { columns[$0].field != "id" }
                if let widest = others.max(by: { columns[$0].width <= columns[$1].width }),
                    columns[widest].width > Self.narrowest
                {
                    columns[widest].width -= 1
                } else if let last = others.last, columns.count > 1 {
                    hidden.insert(columns.remove(at: last).field, at: 0)
                } else {
                    columns[0].width = width
                }
            }
        }
        self.columns = columns
        self.hidden = hidden
    }

    /// The line with the names of the columns.
    var heading: String {
        terminal.bold(line { TextWidth.fitted(Self.shown($0.field), to: $0.width, isRight: $0.isRight) })
    }

    /// A record's line.
    func line(_ record: JSONObject) -> String {
        line { column in
            let text = record[column.field].map { Self.cell($0) } ?? ""
            return TextWidth.fitted(text, to: column.width, isRight: column.isRight)
        }
    }

    private func line(_ cell: (Column) -> String) -> String {
        let text = columns.map(cell).joined(separator: String(repeating: " ", count: Self.gap))
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    private static func fields(of records: [JSONObject]) -> [String] {
        var fields: [String] = []
        var known: Set<ExactString> = []
        for record in records {
            for (field, _) in record where known.insert(ExactString(field)).inserted { fields.append(field) }
        }
        let system = SystemField.allCases.map(\.rawValue)
        let own = fields.filter { !system.contains($0) }
        return (known.contains(ExactString("id")) ? ["id"] : []) + own
            + system.filter { $0 != "id" && known.contains(ExactString($0)) }
    }

    /// A value in a cell: text as it is, anything else as JSON.
    static func cell(_ value: JSON) -> String { shown(value.stringValue ?? value.description) }

    /// A text without what would move the cursor or speak to the terminal.
    static func shown(_ text: String) -> String { text.withEscapedControls }
}

extension JSON {
    /// Whether it is a number.
    fileprivate var isNumber: Bool {
        switch self {
        case .null, .bool, .string, .array, .object: false
        default: true
        }
    }
}
