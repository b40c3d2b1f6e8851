// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

public import Bkend
public import Foundation

/// The part of an app that its screens use.
public struct Notebook: Sendable {
    public let store: LocalStore
    public let notes: LocalTable<Note>

    public init(_ client: BkendClient, folder: URL) async throws(StoreError) {
        store = try await client.openLocalStore(at: folder)
        notes = store.table(Note.self)
    }

    /// Queries as values and as parameters.
    public static let open: TableQuery<Note> = Note.where { $0.isDone == false }.order(by: \.createdAt, .descending)

    public func page(of query: LocalQuery<Note>, _ number: Int) async throws(StoreError) -> Page<Note> {
        try await query.page(number, limit: 50)
    }

    public func snapshots(_ direction: SortDirection) -> ResultSequence<Snapshot<Note>, Never> {
        notes.matching(Self.open).order(byPath: "text", direction).live()
    }

    /// Conditions that are chosen at run time.
    public func filtered(by tags: [String], in cities: [String]) -> LocalQuery<Note> {
        var query = notes.where { !($0.isDone == true) }
        if !tags.isEmpty { query = query.filter(Note.fields.tags.containsAny(of: tags)) }
        let choice = cities.map { Filter.condition(Note.fields.place.city == $0) }
        return choice.isEmpty ? query : query.filter(Filter.anyOf(choice))
    }

    /// A transaction with queries in it.
    public func clear() async throws -> Int {
        try await store.write { store in
            let notes = store.table(Note.self)
            let done = notes.where { $0.isDone == true }.order(by: \.createdAt).limit(100)
            let count = try done.count()
            for note in try done.fetch() { try notes.delete(note) }
            try store.table("visits").create(["place": "desk", "count": .int(Int64(count))])
            return count
        }
    }

    public func state(of status: SyncStatus) -> String {
        switch status.state {
        case .waiting(let until): "until \(until.formatted())"
        case .paused(.refused(let code)): code.rawValue
        case .paused, .signedOut, .offline, .stopped, .idle, .syncing: "\(status.pending)"
        }
    }

    public func mistakes() async throws(StoreError) -> [String] {
        var lines: [String] = []
        for letter in try await store.outbox.deadLetters() {
            let details = (letter.failure?.details ?? []).map { "\($0.field): \($0.message)" }
            lines.append("\(letter.table) \(letter.kind) \(letter.madeAt) \(details) \(letter.advice ?? "")")
        }
        return lines
    }
}
