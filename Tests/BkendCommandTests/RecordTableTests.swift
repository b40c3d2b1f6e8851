import BkendTerminal
import BkendWire
import Testing

@testable import BkendCommand

@Suite("A table in a terminal")
struct RecordTableTests {
    private func terminal(_ columns: Int?) -> Terminal {
        Terminal(columns: columns, hasStyles: false, showsProgress: false)
    }

    private let records: [JSONObject] = [
        ["id": "677e8a5b1f3c9d2e4b6a8c01", "createdAt": "2025-01-08T09:30:00.000Z", "title": "Hello", "views": 7],
        [
            "id": "677e8a5b1f3c9d2e4b6a8c02", "createdAt": "2025-01-08T09:30:00.000Z", "views": 1_200,
            "tags": ["a", "b"],
        ],
    ]

    private func lines(_ columns: Int?, fields: [String]? = nil) -> [String] {
        let table = RecordTable(records, fields: fields, terminal: terminal(columns))
        return [table.heading] + records.map { table.line($0) }
    }

    @Test("Without a terminal nothing is cut; ids come first, times last, numbers to the right")
    func whole() {
        #expect(
            lines(nil) == [
                "id                        title  views  tags       createdAt",
                "677e8a5b1f3c9d2e4b6a8c01  Hello      7             2025-01-08T09:30:00.000Z",
                "677e8a5b1f3c9d2e4b6a8c02          1200  [\"a\",\"b\"]  2025-01-08T09:30:00.000Z",
            ])
    }

    @Test("The columns fit the terminal; the widest give way first, ids last", arguments: [1, 20, 40, 60, 80, 200])
    func fitting(columns: Int) {
        for line in lines(columns) { #expect(TextWidth.of(line) <= columns, "\(line)") }
    }

    @Test("At 40 columns the ids are whole, and what has no room is named")
    func narrow() {
        let table = RecordTable(records, terminal: terminal(40))
        #expect(table.line(records[0]).hasPrefix("677e8a5b1f3c9d2e4b6a8c01"))
        #expect(table.hidden == ["tags", "createdAt"])
    }

    @Test("Fields that are asked for are shown in their order, also where no record has them")
    func selected() {
        #expect(lines(nil, fields: ["views", "none"]) == ["views  none", "    7", " 1200"])
    }

    @Test("A value can't speak to the terminal")
    func escapes() {
        #expect(RecordTable.shown("\u{9B}31m\u{2028}") == "\\u{9b}31m\\u{2028}")
        #expect(RecordTable.cell("a\u{1B}[31mred\u{7}\n\u{202E}x") == "a\\u{1b}[31mred\\u{7}\\n\\u{202e}x")
        let record: JSONObject = ["a\u{1B}b": 1]
        #expect(RecordTable([record], terminal: terminal(nil)).heading == "a\\u{1b}b")
    }

    @Test("Wide characters take two columns")
    func wide() {
        #expect(TextWidth.of("名前a🙂é") == 8)
        #expect(TextWidth.fitted("名前です", to: 6) == "名前…" + " ")
        #expect(TextWidth.fitted("ab", to: 4, isRight: true) == "  ab")
    }
}
