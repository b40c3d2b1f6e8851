import BkendWire
import Synchronization

/// Which environments have which tag in the keys of their files, held in memory and read again as soon as anyone has
/// changed the folder.
final class EnvironmentTags: Sendable {
    private struct State {
        var names: [String: [EnvironmentName]] = [:]
        /// Those that have imported files, whose keys have any tag.
        var importers: [EnvironmentName] = []
        var stamp: Int64?

        func environments(tagged tag: String) -> [EnvironmentName] {
            let own = names[tag] ?? []
            return own + importers.filter { !own.contains($0) }
        }
    }
    private let state = Mutex(State())
    private let database: any ControlDatabase

    init(_ control: ControlStore) { database = control.database }

    /// The environments that a tag can be of: one as a rule, and hardly ever two; and those with imported files.
    func environments(tagged tag: String) async throws -> [EnvironmentName] {
        // The stamp is taken before the names are read: a change in between only makes the next request read again.
        let now = await database.changeStamp()
        if let known = state.withLock({ $0.stamp == now && now != nil ? $0 : nil }) {
            return known.environments(tagged: tag)
        }
        let all = try await database.read { session in
            try session.all(ControlSQL.environmentTags) {
                (try? EnvironmentName(project: $0.text(0), environment: $0.text(1)), $0.int(2) != 0)
            }
        }
        var state = State(stamp: now)
        for case (let name?, let isImporter) in all {
            state.names[FileKey.tag(of: name), default: []].append(name)
            if isImporter { state.importers.append(name) }
        }
        self.state.withLock { [state] in $0 = state }
        return state.environments(tagged: tag)
    }
}
