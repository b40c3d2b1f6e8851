import BkendWire
import Testing

@Suite struct QueryItemTests {
    @Test(
        "a URL's query is decoded",
        arguments: [
            ("", []), ("a=1", [QueryItem("a", "1")]), ("a", [QueryItem("a", "")]), ("a=", [QueryItem("a", "")]),
            ("=b", [QueryItem("", "b")]), ("a=1&&b=2&", [QueryItem("a", "1"), QueryItem("b", "2")]),
            ("a=b=c", [QueryItem("a", "b=c")]), ("a+b=c+d", [QueryItem("a b", "c d")]),
            ("a=%2B", [QueryItem("a", "+")]),
            ("andFilters%5Btitle%5D=x", [QueryItem("andFilters[title]", "x")]), ("a=%00", [QueryItem("a", "\u{0}")]),
            ("a=%E9%9F%93%ed%95%9c", [QueryItem("a", "韓한")]), ("a=é", [QueryItem("a", "é")]),
            ("a=1&a=2", [QueryItem("a", "1"), QueryItem("a", "2")]), ("a=%2526", [QueryItem("a", "%26")]),
        ] as [(String, [QueryItem])])
    func urlsQueryDecoded(query: String, items: [QueryItem]) throws {
        #expect(try QueryItem.decode(query) == items)
    }

    @Test(
        "malformed escapes and bytes that are not UTF-8 are refused",
        arguments: [
            "a=%", "a=%4", "a=%4&b=1", "a=%GG", "%zz=1", "a=%C3", "a=%C3%28", "a=%C0%AF", "a=%ED%A0%80", "a=%FF",
            "a=%u0041",
        ])
    func malformedEscapesBytes(query: String) {
        #expect(throws: QueryError.self) { try QueryItem.decode(query) }
    }

    @Test("everything but the unreserved characters is encoded")
    func everythingButUnreserved() throws {
        #expect(QueryItem.percentEncode("AZaz09-._~") == "AZaz09-._~")
        #expect(QueryItem.percentEncode(" +/?#%&=é\u{0}") == "%20%2B%2F%3F%23%25%26%3D%C3%A9%00")
        var source = RandomJSON(seed: 2)
        for _ in 0..<500 {
            let items = (0..<3).map { _ in QueryItem(source.string() + "x", source.string()) }
            #expect(try QueryItem.decode(QueryItem.encode(items)) == items)
        }
    }

    @Test("a path segment can't climb")
    func pathSegmentCant() {
        #expect(QueryItem.percentEncode(".") == "%2E")
        #expect(QueryItem.percentEncode("..") == "%2E%2E")
        #expect(QueryItem.percentEncode("...") == "...")
        #expect(QueryItem.percentEncode("../x") == "..%2Fx")
    }

    @Test("in a path, plus is plus")
    func pathPlusPlus() {
        #expect(QueryItem.percentDecode(Array("a+b%20c".utf8), plusIsSpace: false) == "a+b c")
        #expect(QueryItem.percentDecode(Array("a+b".utf8)) == "a b")
    }
}
