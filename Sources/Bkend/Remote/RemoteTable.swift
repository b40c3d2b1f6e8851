import BkendWire

/// The records of one table on the server. Each call sends a separate request.
///
/// ```swift
/// let articles = client.table(Article.self)
/// let draft = try await articles.create(Article(title: "Hello", content: "…"))
/// try await articles.update(draft) { $0.title = "Hello, world" }
/// ```
///
/// **Cancelling** a task stops its request. A cancelled read has no effect. A cancelled write may have been applied if
/// sending had begun; check the error's `mayHaveBeenApplied`. The same is true after a deadline or a lost connection.
/// The client never sends a write a second time, unless the server certainly didn't act on the first.
public struct RemoteTable<Model: RecordModel>: Sendable {
    /// The table's name.
    public let name: String
    let client: BkendClient

    var runner: CallRunner { client.runner }

    func call(
        _ method: Call.Method, _ recordID: String?, body: JSON? = nil, _ options: CallOptions
    ) -> Call {
        Call(method: method, table: name, recordID: recordID, body: body, options: options)
    }

    /// Runs a call whose answer is one record.
    func record(_ call: Call) async throws(BkendError) -> Record<Model> {
        let answer = try await runner.run(call)
        guard case .object(let object) = answer.json else {
            throw answer.mismatch(call, JSONCodingError(path: "", message: "expected a record"))
        }
        return try answer.record(object, call)
    }
}

extension RemoteTable: RemoteQueryable {
    /// Every record of the table.
    public var query: RemoteQuery<Model> { RemoteQuery(table: name, source: client) }
}

extension CallAnswer {
    func record<Model: RecordModel>(_ object: JSONObject, _ call: Call) throws(BkendError) -> Record<Model> {
        do throws(JSONCodingError) {
            return try Record<Model>(json: object)
        } catch {
            throw mismatch(call, error, recordID: object["id"]?.stringValue)
        }
    }

    /// The records of a page, and the rows that don't fit the model. A row without an id isn't a record: whatever
    /// answered isn't a bkend server.
    func page<Model: RecordModel>(
        _ items: [JSON], _ pagination: Pagination, _ call: Call
    ) throws(BkendError) -> Page<Model> {
        var page = Page<Model>(records: [], pagination: pagination)
        page.records.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item, let id = object["id"]?.stringValue, !id.isEmpty else {
                throw mismatch(call, JSONCodingError(path: "items[\(index)]", message: "expected a record"))
            }
            do throws(JSONCodingError) {
                page.records.append(try Record<Model>(json: object))
            } catch {
                page.undecodable.append(UndecodableRecord(error, id: id))
            }
        }
        return page
    }

    /// The records of an `items` array.
    func records<Model: RecordModel>(_ items: [JSON], _ call: Call) throws(BkendError) -> [Record<Model>] {
        var records: [Record<Model>] = []
        records.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item else {
                throw mismatch(call, JSONCodingError(path: "items[\(index)]", message: "expected a record"))
            }
            records.append(try record(object, call))
        }
        return records
    }
}

extension BkendClient {
    /// The records of a model's table, or of another table with the same fields, for example an archive.
    ///
    /// ```swift
    /// let posts = client.table(Post.self)
    /// ```
    public func table<Model: Table>(_ model: Model.Type, named name: String = Model.tableName) -> RemoteTable<Model> {
        RemoteTable(name: name, client: self)
    }

    /// The records of a table as JSON objects.
    ///
    /// ```swift
    /// let untyped = client.table("articles")
    /// let record = try await untyped.create(["title": "Plain", "mood": "calm"])
    /// ```
    public func table(_ name: String) -> RemoteTable<JSONObject> { RemoteTable(name: name, client: self) }
}
