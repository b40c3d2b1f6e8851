import BkendWire
import Testing

@Suite struct ListParametersTests {
    static let forms: [(String, String, String)] = [
        ("filter[owner]", "42", "andFilters[owner]=42"), ("where", #"{"a":1}"#, #"andFilters={"a":1}"#),
        ("where", "a = 1", #"andFilters={"field":"value"}"#), ("filter", #"{"a":1}"#, #"andFilters={"a":1}"#),
        ("inviteCode", "X", "andFilters[inviteCode]=X"), ("author.name", "Hana", "andFilters[author.name]=Hana"),
        ("filter[price][gte]", "5", #"andFilters={"price":{"$gte":5}}"#),
        ("price[$lt]", "9.5", #"andFilters={"price":{"$lt":9.5}}"#),
        ("filter[s][regex]", "^a", #"andFilters={"s":{"$regex":"^a"}}"#),
        ("orderBy", "title", "sortBy=title"), ("orderBy", "-title", "sortBy=title&sortDirection=desc"),
        ("sort", "title:desc", "sortBy=title&sortDirection=desc"), ("order", "ASC", "sortDirection=asc"),
        ("_order", "desc", "sortDirection=desc"), ("sort[title]", "asc", "sortBy=title&sortDirection=asc"),
        ("sort", "", "sortBy=createdAt&sortDirection=desc"), ("pageSize", "50", "limit=50"),
        ("per_page", "50", "limit=50"), ("_limit", "5", "limit=5"), ("LIMIT", "5", "limit=5"),
        ("page[number]", "2", "page=2"), ("page[size]", "10", "limit=10"), ("skip", "40", "offset=40"),
        ("q", "café", "search=café"), ("columns", "a,b", "select=a,b"),
        ("andFilter", #"{"a":1}"#, #"andFilters={"a":1}"#),
        ("or", #"{"a":1}"#, #"orFilters={"a":1}"#), ("_", "1", "andFilters[_]=1"),
    ]

    @Test("a parameter that lists don't take is refused with the right form", arguments: forms)
    func parameterListsDont(
        name: String, value: String, form: String
    ) throws {
        let error = #expect(throws: QueryError.self) { try Query(queryItems: [QueryItem(name, value)]) }
        #expect(error?.parameter == name)
        let message = try #require(error?.message)
        #expect(message.contains("is not a parameter of lists of records; write \(form). "), "\(message)")
        #expect(message.hasSuffix("searchType, andFilters, orFilters, select, fields"))
    }

    @Test(
        "one that nobody can have meant is refused all the same",
        arguments: ["$where", "a[b]x[c", "", "a..b", "[", "x[y][z][w]", "%00"])
    func oneNobodyCan(name: String) {
        let error = #expect(throws: QueryError.self) { try Query(queryItems: [QueryItem(name, "1")]) }
        #expect(error?.parameter == name)
    }

    @Test("names and values are cut, however long")
    func namesValuesCut() throws {
        let long = String(repeating: "x", count: 16_000)
        for name in ["\(long)", "filter[\(long)]", "where", "orderBy", "filter[\(long)][gt]"] {
            let error = #expect(throws: QueryError.self) { try Query(queryItems: [QueryItem(name, long)]) }
            #expect(try #require(error).description.utf8.count < 600)
        }
    }

    @Test("lists of users and sessions show only forms that they take")
    func listsUsersSessions() {
        func message(_ parameters: ListParameters, _ name: String) -> String? {
            do throws(QueryError) {
                try parameters.check([QueryItem("page", "1"), QueryItem(name, "5")])
                return nil
            } catch { return error.message }
        }
        for name in ["page", "limit", "offset", "search", "searchType", "sortBy", "sortDirection", "includeAccounts"] {
            #expect(message(.users, name) == nil)
        }
        #expect(message(.users, "pageSize")?.contains("lists of users; write limit=5. ") == true)
        #expect(message(.users, "filter[role]")?.contains("lists of users. The") == true)
        #expect(message(.sessions, "sortBy")?.hasSuffix("The parameters are page, limit, offset") == true)
        #expect(message(.sessions, "limit") == nil)
    }
}
