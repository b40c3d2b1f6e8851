import Bkend

/// Who looks on while records are created.
enum GrowthObserver: String, CaseIterable {
    case none = "nobody looks on"
    case newest = "a live query of 20"
    case everything = "a live query of all"

    /// Begins to look on, and returns once the first answer is there.
    func watch(_ table: LocalTable<Article>) async -> Task<Void, Never>? {
        let query: LocalQuery<Article>
        switch self {
        case .none: return nil
        case .newest: query = table.order(by: \.createdAt, .descending).limit(20)
        case .everything: query = table.order(by: \.title)
        }
        let (answers, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let task = Task { for await _ in query.live() { continuation.yield() } }
        for await _ in answers { break }
        return task
    }
}
