import ChildProcesses
import Foundation

/// Several processes that write to one store, killed at random and started again until all writes are made.
///
/// A process is killed when another one tells of a write: that finds it anywhere in its own.
struct WritingProcesses {
    /// What one of the writers told.
    struct Told {
        /// The number of its next write.
        var next = 0
        /// The record that each write concerned, by number.
        var records: [Int: String] = [:]
        /// The writes that were under way when it was killed.
        var interrupted: Set<Int> = []
    }

    let folder: String
    let writers: Int
    let writes: Int
    /// A process is killed after so many lines of the others, on average.
    let killEvery: Int

    private(set) var told: [Told]
    private(set) var kills = 0
    private var random = SplitMix(state: 1)
    private var children: [ChildProcess?] = []
    private var dying: Set<Int> = []

    init(folder: String, writers: Int, writes: Int, killEvery: Int) {
        self.folder = folder
        self.writers = writers
        self.writes = writes
        self.killEvery = killEvery
        told = Array(repeating: Told(), count: writers)
    }

    /// Runs all of it on a thread of its own: the waiting for children would keep other tests from a thread of theirs.
    static func ran(folder: String, writers: Int, writes: Int, killEvery: Int) async throws -> WritingProcesses {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                var processes = WritingProcesses(
                    folder: folder, writers: writers, writes: writes, killEvery: killEvery)
                continuation.resume(
                    with: Result {
                        try processes.run()
                        return processes
                    })
            }
        }
    }

    /// Runs all of it, and blocks until then.
    ///
    /// - Throws: `ChildProcess.Failure` when a process ends by itself too early, or none makes a write for a minute.
    private mutating func run() throws {
        defer {
            for child in children.compactMap(\.self) {
                child.kill()
                _ = child.reap()
            }
        }
        for writer in 0..<writers { children.append(try start(writer)) }
        while children.contains(where: { $0 != nil }) {
            var polled = children.map { child in
                pollfd(fd: child?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            }
            let ready = poll(&polled, nfds_t(polled.count), 60_000)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw ChildProcess.Failure(what: "no write for a minute: \(told.map(\.next))") }
            for writer in 0..<writers where polled[writer].revents != 0 { try hear(writer) }
        }
    }

    private func start(_ writer: Int) throws -> ChildProcess {
        try ChildProcess(
            ChildProcess.built("StoreProcess"), [folder, "\(writer)", "\(told[writer].next)", "\(writes)"])
    }

    private mutating func hear(_ writer: Int) throws {
        guard let lines = children[writer]?.lines() else { return try ended(writer) }
        for line in lines {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let number = Int(parts[0]), number == told[writer].next else {
                throw ChildProcess.Failure(what: "writer \(writer) said: \(line)")
            }
            told[writer].records[number] = String(parts[1])
            told[writer].next += 1
            if Int.random(in: 0..<killEvery, using: &random) == 0 { killAnother(than: writer) }
        }
    }

    private mutating func killAnother(than writer: Int) {
        let victim = (writer + Int.random(in: 1..<writers, using: &random)) % writers
        guard let child = children[victim], told[victim].next < writes, !dying.contains(victim) else { return }
        child.kill()
        dying.insert(victim)
        kills += 1
    }

    private mutating func ended(_ writer: Int) throws {
        guard let child = children[writer] else { return }
        children[writer] = nil
        dying.remove(writer)
        let code = child.reap()
        if told[writer].next == writes { return }
        if let code { throw ChildProcess.Failure(what: "writer \(writer) ended with code \(code)") }
        told[writer].interrupted.insert(told[writer].next)
        children[writer] = try start(writer)
    }
}
