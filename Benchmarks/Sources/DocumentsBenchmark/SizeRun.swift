import BkendDocuments
import BkendWire
import Harness

/// The measurements at one size.
struct SizeRun {
    private let size: Int
    private let options: ReportOptions
    private let report: Report
    private let folder: TemporaryFolder
    private var ours: DocumentTable
    private var theirs: TypedTable

    init(size: Int, _ options: ReportOptions) throws {
        self.size = size
        self.options = options
        folder = try TemporaryFolder()
        ours = try DocumentTable(path: folder.path + "/documents.sqlite")
        theirs = try TypedTable(path: folder.path + "/typed.sqlite")
        report = Report(
            "documents, \(size) records of about \(SampleRecord(1).document.serialized().count) bytes", options)
    }

    mutating func run() async throws {
        defer { folder.remove() }
        try insert()
        try ours.addIndexes()
        try ours.enableSearch()
        try theirs.addIndexes()
        try theirs.enableSearch()
        let sample = Sample(size: size)
        try check(sample)
        try await pointReads(sample)
        try await newest(sample)
        try await counts(sample)
        try await searches(sample)
        try insertSearchable()
        report.note("peak memory: \(ProcessFigures.own.peakMemory >> 20) MiB, both sides together")
        report.note(
            "on disk with search indexes: documents \(folder.size(of: "documents.sqlite") >> 20) MiB, "
                + "typed columns \(folder.size(of: "typed.sqlite") >> 20) MiB")
    }

    /// Fills both tables; neither has a search index yet.
    private func insert() throws {
        let measured = try Filling([
            .init(name: "documents") { try ours.insert($0.documents) },
            .init(name: "typed columns") { try theirs.insert($0.records) },
        ]).run(size)
        try addInsert("insert, 100 at a time", measured[0], against: measured[1], .atLeast(0.6))
    }

    /// What a search index costs when writing, over a tenth of the records.
    private func insertSearchable() throws {
        var searchable = try DocumentTable(path: folder.path + "/searchable.sqlite")
        try searchable.enableSearch()
        let table = searchable
        let plain = try DocumentTable(path: folder.path + "/plain.sqlite")
        var typed = try TypedTable(path: folder.path + "/typed-searchable.sqlite")
        try typed.enableSearch()
        let typedTable = typed
        let measured = try Filling([
            .init(name: "documents") { try table.insert($0.documents) },
            .init(name: "without search") { try plain.insert($0.documents) },
            .init(name: "typed, FTS5") { try typedTable.insert($0.records) },
        ]).run(size / 10)
        try addInsert("insert, with search index", measured[0], against: measured[1], nil)
        try addInsert("insert, with search index", measured[0], against: measured[2], nil)
    }

    private func addInsert(
        _ name: String, _ subject: Measurement, against reference: Measurement, _ goal: Goal?
    ) throws {
        try report.add(
            Figure("documents", name, size: size, subject, against: reference, kind: .speed, goal: goal))
    }

    /// Both sides must give the same records: a wrong answer is no figure.
    private func check(_ sample: Sample) throws {
        func same<Value: Equatable>(_ what: String, _ ours: Value, _ theirs: Value) throws {
            guard ours == theirs else { throw Difference(what: what, ours: "\(ours)", theirs: "\(theirs)") }
        }
        func ids(_ texts: [DocumentText]) throws -> [String?] { try texts.map { try $0.json["id"]?.stringValue } }
        let few = Array(sample.ids.prefix(20))
        try same("point read", ids(ours.get(few)), theirs.get(few).map(\.id))
        let category = [SampleRecord.category(7)]
        try same("equality, sort", ids(ours.newest(of: category)[0]), theirs.newest(of: category)[0].map(\.id))
        try same("range", ours.count(views: sample.range, times: 1), theirs.count(views: sample.range, times: 1))
        let term = SampleRecord.rareTerm
        try same("search", ids(ours.search(term, times: 1)), theirs.search(term, times: 1).map(\.id))
        try same("search count", ours.searchCount(term, times: 1), theirs.searchCount(term, times: 1))
        try same("search count", ours.searchCount(term, times: 1), size / 1_000)
    }

    private func pointReads(_ sample: Sample) async throws {
        let (ids, count) = (sample.ids, sample.ids.count)
        try await compare(
            "point read", .atMost(1.5), count, { _ = try ours.get(ids) }, { _ = try theirs.get(ids) })
        try await compare(
            "point read, and our text parsed", nil, count, { for text in try ours.get(ids) { _ = try text.json } },
            { _ = try theirs.get(ids) })
    }

    private func newest(_ sample: Sample) async throws {
        let categories = sample.categories
        try await compare(
            "equality, sort, 20 rows", .atMost(2), categories.count, { _ = try ours.newest(of: categories) },
            { _ = try theirs.newest(of: categories) })
    }

    private func counts(_ sample: Sample) async throws {
        let (range, times) = (sample.range, max(2, 5_000_000 / size))
        try await compare(
            "range of 10 %, count", .atMost(2), times, { _ = try ours.count(views: range, times: times) },
            { _ = try theirs.count(views: range, times: times) })
    }

    private func searches(_ sample: Sample) async throws {
        let (term, times) = (SampleRecord.rareTerm, max(10, 2_000_000 / size))
        try await compare(
            "search, 0.1 % hits, 20 rows", .atMost(2), times, { _ = try ours.search(term, times: times) },
            { _ = try theirs.search(term, times: times) })
        try await compare(
            "search, 0.1 % hits, count", nil, times, { _ = try ours.searchCount(term, times: times) },
            { _ = try theirs.searchCount(term, times: times) })
    }

    private func compare(
        _ name: String, _ goal: Goal?, _ operations: Int, _ ours: @escaping () throws -> Void,
        _ theirs: @escaping () throws -> Void
    ) async throws {
        let results = try await options.interleaving.measure([
            Contender("documents", operations: operations) { try ours() },
            Contender("typed columns", operations: operations) { try theirs() },
        ])
        try report.add(
            Figure("documents", name, size: size, results[0], against: results[1], kind: .time, goal: goal))
    }
}

/// What the queries ask for; the same on both sides.
struct Sample {
    /// Records to read, in no order.
    let ids: [String]
    /// Every category ten times.
    let categories = (0..<1_000).map { SampleRecord.category($0 % SampleRecord.categories) }
    /// A tenth of all values.
    let range = (SampleRecord.viewLimit / 2)..<(SampleRecord.viewLimit / 2 + SampleRecord.viewLimit / 10)

    init(size: Int) {
        var random = SplitMix(seed: 42)
        ids = (0..<10_000).map { _ in SampleRecord.id(Int.random(in: 0..<size, using: &random)) }
    }
}

/// The two sides gave different answers.
struct Difference: Error, CustomStringConvertible {
    let what: String
    let ours: String
    let theirs: String

    var description: String { "\(what): documents gave \(ours), typed columns \(theirs)" }
}
