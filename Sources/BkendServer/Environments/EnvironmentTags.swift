import BkendWire
import Synchronization

/// Which environments have which tag in the keys of their files, held in memory and read again as soon as anyone has
/// changed the folder.
final class EnvironmentTags: Sendable {
    private struct State {
        var names: [String: [EnvironmentName]] = [:]
        var stamp: Int64?
    }
    private let state = Mutex(State())
    private let database: any ControlDatabase

    init(_ control: ControlStore) { database = control.database }

    /// The environments of a tag: one as a rule, and hardly ever two.
    func environments(tagged tag: String) async throws -> [EnvironmentName] {
        // The stamp is taken before the names are read: a change in between only makes the next request read again.
        let now = await database.changeStamp()
        if let known = state.withLock({ $0.stamp == now && now != nil ? $0.names : nil }) { return known[tag] ?? [] }
        let all = try await database.read { session in
            try session.all(ControlSQL.environmentNames) {
                try? EnvironmentName(project: $0.text(0), environment: $0.text(1))
            }
        }
        let names = Dictionary(grouping: all.compactMap(\.self), by: FileKey.tag)
        state.withLock { $0 = State(names: names, stamp: now) }
        return names[tag] ?? []
    }
}
