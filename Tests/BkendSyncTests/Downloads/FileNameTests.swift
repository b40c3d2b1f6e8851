import BkendWire
import Testing

@testable import BkendSync

/// What counts as the name of a file in a record.
@Suite struct FileNameTests {
    private static let server = "https://api.example.com/v1"

    @Test(
        "A name is an id, a key or an address",
        arguments: [
            ("a1b2", .id("a1b2")), ("images/0/p.jpg", .key("images/0/p.jpg")),
            ("https://cdn.example.com/p.jpg", .address("https://cdn.example.com/p.jpg")),
            ("https://api.example.com/v1/files/f1/download", .id("f1")),
            ("https://API.example.com:443/v1/files/f1/download", .id("f1")),
            ("https://api.example.com/base/v1/files/f1/download", .id("f1")),
            // Another server's, or another route.
            (
                "https://evil.example.com/v1/files/f1/download",
                .address("https://evil.example.com/v1/files/f1/download")
            ),
            ("https://api.example.com/v1/files/f1", .address("https://api.example.com/v1/files/f1")),
            // A path of the server's is made of it.
            ("..", nil), ("a.b", nil), ("buckets", nil), ("ä", nil), (String(repeating: "a", count: 65), nil),
            ("https://api.example.com/v1/files/../download", .address("https://api.example.com/v1/files/../download")),
            ("", nil), ("two words", nil), ("line\nbreak", nil), (String(repeating: "a", count: 2_049), nil),
        ] as [(String, FileName?)])
    func kinds(text: String, name: FileName?) {
        #expect(FileName(text, server: Self.server) == name)
    }

    @Test(
        "Two addresses have one origin by scheme, host and port",
        arguments: [
            ("https://a.example/x", "https://A.example:443/y", true),
            ("http://a.example", "http://a.example:80/", true),
            ("https://a.example/x", "http://a.example/x", false),
            ("https://a.example/x", "https://a.example:8443/x", false),
            ("https://a.example/x", "https://b.example/x", false),
        ])
    func origins(one: String, other: String, areEqual: Bool) {
        #expect((Origin(one) == Origin(other)) == areEqual)
    }

    @Test("An address with credentials, or without a host, has no origin")
    func noOrigin() {
        #expect(Origin("https://a.example@b.example/x") == nil && Origin("/x") == nil && Origin("https:///x") == nil)
    }

    @Test("Names are found in values, arrays, objects in arrays, and addresses in texts, each once")
    func found() {
        let record: JSONObject = [
            "cover": "f1", "pictures": ["f2", .array(["f3"]), "f1", .null, 7],
            "steps": [["picture": "f4"], ["picture": ["f5"]], "f6"],
            "text":
                "See ![a](https://c.example/a.png), <https://c.example/b.png> and \"http://c.example/c.png\". https:/no http://",
            "local": "~00000000000100000000000000010001", "none": "", "object": ["a": "f7"],
        ]
        func names(_ paths: String...) -> [String] { FileName.all(in: record, at: paths) }
        #expect(names("cover", "pictures") == ["f1", "f2", "f3"])
        #expect(names("steps.picture") == ["f4", "f5"] && names("steps") == ["f6"])
        #expect(
            names("text") == [
                "https://c.example/a.png", "https://c.example/b.png", "http://c.example/c.png", "http://",
            ])
        #expect(names("local", "none", "object", "missing", "cover.deeper") == [])
    }

    @Test("An address ends where a sentence goes on, and may have parentheses if it stands alone")
    func sentences() {
        func names(_ text: String) -> [String] { FileName.all(in: ["text": .string(text)], at: ["text"]) }
        #expect(
            names("See https://c.example/a.png, or https://c.example/b.png.") == [
                "https://c.example/a.png", "https://c.example/b.png",
            ])
        #expect(names("https://c.example/a_(1).png") == ["https://c.example/a_(1).png"])
        #expect(names("~5 min: ![](https://c.example/a.png)") == ["https://c.example/a.png"])
        #expect(names("~00000000000100000000000000010001") == [])
    }

    @Test("A picture inside a text costs no more than its length")
    func embedded() {
        let data = String(repeating: "h", count: 1 << 20)
        let text = "![](data:image/png;base64,\(data)) ![](https://c.example/a.png)"
        #expect(FileName.all(in: ["text": .string(text)], at: ["text"]) == ["https://c.example/a.png"])
        let long = "https://" + data
        #expect(FileName.all(in: ["text": .string("(" + long)], at: ["text"]) == [])
    }

    @Test("A record names so many files at most")
    func many() {
        let names = (0..<300).map { JSON.string("f\($0)") }
        #expect(FileName.all(in: ["all": .array(names)], at: ["all"]).count == FileName.most)
        let text = (0..<300).map { "(https://c.example/\($0))" }.joined()
        #expect(FileName.all(in: ["all": .string(text)], at: ["all"]).count == FileName.most)
    }
}
