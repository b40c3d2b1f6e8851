#if Server
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
                records.append(String(decoding: item.bytes, as: UTF8.self))
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

    @Test("A missing bracket can't take all memory")
    func limit() {
        let text = "[{\"a\":[1," + String(repeating: "2,", count: 10_000)
        let (found, _, fault) = Self.read(Array(text.utf8), limit: 1_000)
        #expect(found.isEmpty)
        #expect(fault?.offset == 1)
        let line = String(repeating: "x", count: 5_000)
        #expect(Self.read(Array(line.utf8), isLines: true, limit: 1_000).fault?.offset == 0)
        #expect(Self.read(Array("[\(line)]".utf8), limit: 1_000).fault?.offset == 1)
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
#endif
