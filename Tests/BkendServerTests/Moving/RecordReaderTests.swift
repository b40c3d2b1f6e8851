import BkendWire
import Testing

@testable import BkendServer

@Suite struct RecordReaderTests {
    /// Gives bytes in pieces of the lengths named, the last one repeated.
    private static func pieces(_ bytes: [UInt8], _ lengths: [Int]) -> ByteSource.Read {
        var rest = bytes[...]
        var lengths = lengths
        return { memory in
            let length = min(lengths.count > 1 ? lengths.removeFirst() : lengths[0], rest.count, memory.count)
            memory.copyBytes(from: rest.prefix(length))
            rest = rest.dropFirst(length)
            return length
        }
    }

    /// The records of a text, and what stopped the reader.
    static func read(
        _ bytes: [UInt8], _ lengths: [Int] = [.max], isLines: Bool = false, limit: Int = RecordReader.longestRecord
    ) -> (records: [String], offsets: [Int], fault: ImportFault?) {
        var reader = RecordReader(isLines: isLines, limit: limit, pieceSize: 64, read: pieces(bytes, lengths))
        var (records, offsets): ([String], [Int]) = ([], [])
        do {
            while let item = try reader.next() {
                records.append(item.bytes.map { String(decoding: $0, as: UTF8.self) } ?? "(\(item.length) bytes)")
                offsets.append(item.offset)
            }
            return (records, offsets, nil)
        } catch { return (records, offsets, error as? ImportFault ?? ImportFault(offset: -1, "\(error)")) }
    }

    private static let records = [
        #"{"id":"a","t":"quote \" bracket ]}{[ comma , back \\"}"#,
        #"{"id":"b","deep":[[{"x":[1,{"y":"]"}]}],[]],"e":{}}"#,
        #"{"id":"é","emoji":"😀","u":"\u005d\u0022"}"#, #"{"id":"d"}"#,
    ]

    private static var forms: [String] {
        let list = records.joined(separator: ",")
        return [
            "[\(list)]", " [ \(records.joined(separator: " ,\n ")) ] \n", #"{"items":[\#(list)]}"#,
            #"{"success":true,"data":{"items":[\#(list)],"pagination":{"total":4,"note":"]}"}}}"#,
            #"{"success":true,"data":{"pagination":{"total":4,"x":["]"]},"items":[\#(list)]},"timestamp":"}"}"#,
            #"{"pagination":{"total":4},"items":[\#(list)]}"#, #"{"success":true,"data":[\#(list)]}"#,
            records.joined(separator: "\n"), records.joined(separator: "\r\n\n") + "\n", "\u{FEFF}[\(list)]",
            "\u{FEFF}" + records.joined(separator: "\n"),
            #"{"items":[\#(records[0])]}{"items":[]}"# + "\n"
                + #"{"items":[\#(records[1...].joined(separator: ","))]}"#,
        ]
    }

    @Test("Every form gives the same records, wherever the pieces of the file end", arguments: forms)
    func boundaries(text: String) {
        let bytes = Array(text.utf8)
        let expected = Self.records
        for length in [1, 2, 3, 7, 63, 64, .max] {
            let (found, _, fault) = Self.read(bytes, [length])
            #expect(fault == nil, "\(fault?.description ?? "")")
            #expect(found.map { $0.trimmed } == expected)
        }
        for first in 1...bytes.count {
            let (found, _, fault) = Self.read(bytes, [first, .max])
            #expect(fault == nil)
            #expect(found.map { $0.trimmed } == expected)
        }
    }

    @Test("An offset is where the record begins in the file", arguments: forms)
    func offsets(text: String) {
        let bytes = Array(text.utf8)
        let (found, offsets, _) = Self.read(bytes, [5])
        for (record, offset) in zip(found, offsets) { #expect(bytes[offset...].starts(with: Array(record.utf8))) }
    }

    @Test("A file cut at any byte gives whole records, then says where it ends", arguments: forms.prefix(7))
    func truncation(text: String) {
        let bytes = Array(text.utf8)
        let end = bytes.count - (text.hasSuffix("\n") ? 2 : 0)
        for length in 1..<end {
            let cut = Array(bytes[..<length])
            if cut.allSatisfy({ $0 == 0x20 || $0 == 0x0A }) { continue }
            let (found, _, fault) = Self.read(cut)
            #expect(Self.records.starts(with: found), "cut at \(length)")
            #expect(fault?.offset == length, "cut at \(length): \(fault?.description ?? "no fault")")
        }
    }

    @Test("Records over several lines follow one another")
    func indented() {
        let text = "{\n  \"id\": \"a\"\n}\n{\n  \"id\": \"b]\"\n}\n"
        #expect(Self.read(Array(text.utf8), [1]).records == ["{\n  \"id\": \"a\"\n}", "{\n  \"id\": \"b]\"\n}"])
    }

    @Test("A line of JSON Lines that is no record spoils no other")
    func badLine() {
        let lines = [#"{"id":"a"}"#, #"{"id":"b"#, "]", #"{"id":"c"}"#, "\"x\"", #"{"id":"d"}"#]
        #expect(Self.read(Array(lines.joined(separator: "\n").utf8), [3]).records == lines)
        let pages = #"{"items":[1],"id":"x"}"#
        #expect(Self.read(Array(pages.utf8), isLines: true).records == [pages])
    }

    @Test(
        "What can't be followed is refused with its byte",
        arguments: [
            ("[{\"a\":1},]", 9), ("[{\"a\":1} {\"b\":2}]", 9), ("[,]", 1), ("nonsense", 0), ("[{\"a\":\"x\ny\"}]", 8),
            ("{\"success\":false,\"error\":{\"code\":\"x\"}}", 0), ("[{\"a\":1}]]", 9), ("\u{0}", 0),
        ])
    func faults(text: String, offset: Int) {
        #expect(Self.read(Array(text.utf8)).fault?.offset == offset)
        #expect(Self.read(Array(text.utf8), [1]).fault?.offset == offset)
    }

    @Test("A missing bracket can't take all memory: the file is followed to its end")
    func missingBracket() {
        for text in [
            "[{\"a\":[1," + String(repeating: "2,", count: 10_000), "{\"a\":\"" + String(repeating: "x", count: 5_000),
        ] {
            let (found, _, fault) = Self.read(Array(text.utf8), limit: 1_000)
            #expect(found.isEmpty)
            #expect(fault?.offset == text.utf8.count)
        }
    }

    private static let long = [
        #"{"id":"long","t":"\#(String(repeating: "x]}{[,", count: 400))","a":[{"b":1}]}"#,
        "{\(String(repeating: " ", count: 2_000))\"id\":\"space\"}",
        #"{"message":"\#(String(repeating: "m", count: 2_000))","id":"like a page"}"#,
        #"{"data":{"message":"\#(String(repeating: "m", count: 990))","\#(String(repeating: "n\\\"", count: 99))":{}}}"#,
    ]

    @Test("A record that is too long is told with its place and length, and spoils no other", arguments: long)
    func overlong(record: String) {
        let length = "(\(record.utf8.count) bytes)"
        let short = [#"{"id":"a"}"#, #"{"id":"b"}"#]
        for records in [[short[0], record, short[1]], [record, short[0], record, short[1], record], [record]] {
            let expected = records.map { $0 == record ? length : $0 }
            let list = records.joined(separator: ",")
            let lines = records.joined(separator: "\n")
            for text in [
                "[\(list)]", #"{"items":[\#(list)]}"#, #"{"success":true,"data":{"items":[\#(list)]},"message":"x"}"#,
                lines,
                lines + "\n", records.joined(separator: "\n\n") + "\n",
            ] {
                let bytes = Array(text.utf8)
                for length in [1, 7, 64, .max] {
                    let (found, offsets, fault) = Self.read(bytes, [length], limit: 1_000)
                    #expect(fault == nil, "\(fault?.description ?? "")")
                    #expect(found == expected, "\(text.prefix(80))")
                    for (record, offset) in zip(records, offsets) {
                        #expect(bytes[offset...].starts(with: Array(record.utf8)))
                    }
                }
            }
            let found = Self.read(Array(lines.utf8), [5], isLines: true, limit: 1_000)
            #expect(found.records == expected && found.fault == nil)
        }
    }

    @Test("Records over several lines go on behind one that is too long")
    func overlongSequence() {
        let long = "{\n  \"id\": \"\(String(repeating: "x", count: 2_000))\"\n}"
        let short = "{\n  \"id\": \"b\"\n}"
        for records in [[long, short, short], [short, long, short, long]] {
            let expected = records.map { $0 == long ? "(\(long.utf8.count) bytes)" : $0 }
            #expect(Self.read(Array(records.joined(separator: "\n").utf8), [9], limit: 1_000).records == expected)
        }
    }

    @Test("A file that is cut inside a record that is too long says so", arguments: long)
    func overlongCut(record: String) {
        for text in ["{\"id\":\"a\"}\n\(record)", "[{\"id\":\"a\"},\(record)", record] {
            let bytes = Array(text.utf8.dropLast(5))
            for length in [1, 64, .max] {
                let (found, _, fault) = Self.read(bytes, [length], limit: 500)
                #expect(found == (text == record ? [] : [#"{"id":"a"}"#]))
                #expect(fault?.offset == bytes.count)
            }
        }
    }

    @Test("No more than the limit and one piece is kept, however much is passed over")
    func memory() throws {
        var source = ByteSource(limit: 1_000, pieceSize: 64) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0x20)
            return memory.count
        }
        source.setMark()
        var most = 0
        for _ in 0..<20_000 {
            _ = try source.peek()
            source.advance()
            most = max(most, source.buffer.count)
        }
        #expect((1_000...(1_000 + 3 * 64)).contains(most))
        #expect(source.hasLostMark)
        #expect(source.take() == nil)
    }

    @Test("An empty file and an empty array hold no records")
    func empty() {
        for text in ["", " \n", "[]", "{\"items\":[]}", "{\"success\":true,\"data\":{\"items\":[]}}"] {
            let (found, _, fault) = Self.read(Array(text.utf8), [1])
            #expect(found.isEmpty && fault == nil, "\(text)")
        }
    }
}

extension String {
    /// Without the carriage return of a line from Windows, which is white space to JSON.
    fileprivate var trimmed: String { hasSuffix("\r") ? String(dropLast()) : self }
}
