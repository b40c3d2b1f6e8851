import BkendWire
import GRDB
import Testing

@testable import BkendDocuments

@Suite struct SearchTests {
    static let documents: [JSONObject] = [
        ["id": "1", "t": "Straße nach Köln", "n": ["t": "inner"]], ["id": "2", "t": "Ko\u{308}ln"],
        ["id": "3", "u": "ΟΔΟΣ"],
        ["id": "4", "tags": ["Straße"]], ["id": "5", "t": "100% _sure_ \"quoted\" \\back"], ["id": "6", "t": 7],
    ]

    @Test(
        "A search is a case-insensitive partial match over top-level strings",
        arguments: [
            ("STRASSE", nil, "1"), ("straße", nil, "1"), ("KÖLN", nil, "1 2"), ("ko\u{308}ln", nil, "1 2"),
            ("οδος", nil, "3"),
            ("%", nil, "5"), ("_sure_", nil, "5"), ("\"QUOTED\"", nil, "5"), ("\\back", nil, "5"), ("7", nil, ""),
            ("köln", "u", ""), ("köln", "t", "1 2"), ("INNER", nil, ""), ("INNER", "n.t", "1"),
            ("", nil, "1 2 3 4 5 6"),
            ("straße", "tags", ""),
        ] as [(String, String?, String)])
    func searchCaseInsensitive(
        text: String, in searched: String?, answer: String
    ) throws {
        try withCollection(Self.documents) { collection, db throws in
            let search = Query.Search(text, in: searched)
            let query = Query(search: search, sort: [.init("id")])
            #expect(try collection.ids(query, in: db).joined(separator: " ") == answer)
            #expect(try collection.count(search: search, in: db) == answer.split(separator: " ").count)
        }
    }

    @Test("Operator contains folds as search does")
    func operatorContainsFolds() throws {
        try withCollection(Self.documents) { collection, db throws in
            #expect(try collection.ids(field("t", .contains("STRASSE")), in: db) == ["1"])
            #expect(try collection.ids(field("tags", .contains("STRASSE")), in: db) == [])
            #expect(try collection.ids(field("tags", .contains("Straße")), in: db) == ["4"])
        }
    }

    @Test("Nothing folds otherwise than when search indexes were made")
    func nothingFoldsOtherwise() {
        // Every letter but the ideographs and Hangul syllables, which have no case; line feeds keep marks from joining.
        var scalars = String.UnicodeScalarView()
        for value in UInt32(0)...0x1FFFF where !(0x3400...0x9FFF).contains(value) && !(0xAC00...0xD7AF).contains(value)
        {
            guard let scalar = Unicode.Scalar(value) else { continue }
            scalars.append(scalar)
            scalars.append("\n")
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in TextFolding.fold(String(scalars)) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // Another number means new rules or another Unicode: raise `TextFolding.version` with it.
        #expect(hash == 15_716_162_871_564_788_575)
        #expect(TextFolding.version == 1)
    }
}
