import BkendWire

/// The requests of the mixed load to one table: of 20, ten read a record, six list, two create and two change a record.
struct MixedRequests {
    /// What a request is.
    enum Kind {
        case get, list, create, update

        /// Whether its answer waits for the disk.
        var isWrite: Bool { self == .create || self == .update }
    }

    let table: RuledTable
    private let ids: [String]
    private let articles: Articles
    private let token: String?

    init(table: RuledTable, ids: [String], articles: Articles, token: String?) {
        self.table = table
        self.ids = ids
        self.articles = articles
        self.token = token
    }

    /// The kind of the request at a place; kinds lie well apart.
    static func kind(_ place: Int) -> Kind {
        switch place * 7 % 20 {
        case 0..<10: .get
        case 10..<16: .list
        case 16, 17: .create
        default: .update
        }
    }

    /// A batch of whole requests. No two batches ask for the same changes: a change to what is there already would be
    /// none.
    func batch(_ batch: Int, count: Int) -> [String] {
        (0..<count).map { place in
            let number = batch * count + place
            let id = ids[number * 7_919 % ids.count]
            switch Self.kind(place) {
            case .get: return request("GET", "/v1/data/\(table.name)/\(id)")
            case .list:
                return request("GET", Articles.list(table.name, category: number * 31 % articles.categories))
            case .create:
                var record = articles.record(number)
                if table.hidesColumns { record["isPublished"] = nil }
                return request("POST", "/v1/data/\(table.name)", body: JSON.object(record).description)
            case .update:
                return request("PATCH", "/v1/data/\(table.name)/\(id)", body: #"{"price":\#(number % 99_000).25}"#)
            }
        }
    }

    private func request(_ method: String, _ path: String, body: String? = nil) -> String {
        articles.request(method, path, token: token, body: body)
    }
}
