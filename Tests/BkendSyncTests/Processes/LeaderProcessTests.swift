import BkendDocuments
import BkendSync
import BkendWire
import ChildProcesses
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct LeaderProcessTests {
    @Test("Of three processes on a store one leads at any time; killed or ended, another one takes over")
    func leading() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bkend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let open = try await OpenStore.open(root: folder, name: "main", owner: "ann", server: "test")
        let store = try open.core.database
        let lock = try #require(open.leaderLockPath)
        // On a thread of its own: the waiting for children would keep other tests from a thread of theirs.
        let sent = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        var candidates = try Candidates(folder: folder, count: 3)
                        defer { candidates.end() }
                        return try candidates.run(rounds: 6, over: store, lock: LeaderLock(path: lock))
                    })
            }
        }
        #expect(sent == Array(0..<18))
        #expect(try store.read { try $0.outbox.entryCount() } == 0)
        let free = LeaderLock(path: lock)
        while try !free.take() { await Task.yield() }
        await open.close()
    }
}

/// Processes that want to lead a store, and what they tell.
private struct Candidates {
    private let folder: String
    private var children: [ChildProcess] = []
    private var sent: [Int] = []

    init(folder: String, count: Int) throws {
        self.folder = folder
        for _ in 0..<count { try add() }
    }

    func end() {
        for child in children {
            child.kill()
            _ = child.reap()
        }
    }

    private mutating func add() throws {
        children.append(try ChildProcess(ChildProcess.built("StoreProcess"), ["lead", folder]))
    }

    /// In each round the leader sends two writes, is suspended for a moment, sends a third, and then goes, killed or ended in
    /// turns; the numbers sent, in order.
    mutating func run(rounds: Int, over store: StoreDatabase, lock: LeaderLock) throws -> [Int] {
        for round in 0..<rounds {
            let leader = try hear("leads", from: nil)
            for number in 3 * round..<3 * round + 3 {
                if number % 3 == 2 {
                    // Suspended it keeps the lead: it may have a request on its way.
                    kill(children[leader].pid, SIGSTOP)
                    guard try !lock.take() else { throw ChildProcess.Failure(what: "a suspended leader lost its lock") }
                    kill(children[leader].pid, SIGCONT)
                }
                _ = try store.write { try $0.writes.create("notes", ["number": .int(Int64(number))]) }
                _ = try hear("sent \(number)", from: leader)
                sent.append(number)
                // Killed with a create on its way, a leader would leave the next one to look for it.
                while try store.read({ try $0.outbox.entryCount() }) > 0 { sched_yield() }
            }
            guard try !lock.take() else { throw ChildProcess.Failure(what: "the leader has no lock") }
            if round.isMultiple(of: 2) {
                children[leader].kill()
                _ = children[leader].reap()
            } else {
                kill(children[leader].pid, SIGTERM)
                try hearEnd(of: leader)
                guard children[leader].reap() == 0 else { throw ChildProcess.Failure(what: "it didn't end well") }
            }
            children.remove(at: leader)
            if round < rounds - 1 { try add() }
        }
        // Those that are left take over one after the other, and end.
        while !children.isEmpty {
            let leader = try hear("leads", from: nil)
            kill(children[leader].pid, SIGTERM)
            try hearEnd(of: leader)
            _ = children[leader].reap()
            children.remove(at: leader)
        }
        return sent
    }

    /// Waits for a child to say that it has stopped; another one may have taken over before it said so.
    private mutating func hearEnd(of child: Int) throws {
        guard children[child].lines() == ["stopped"] else { throw ChildProcess.Failure(what: "it didn't stop") }
    }

    /// Waits for the next line of all children, which must be this one, of this child or of any; whose it was.
    private mutating func hear(_ line: String, from expected: Int?) throws -> Int {
        var polled = children.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var ready = poll(&polled, nfds_t(polled.count), 60_000)
        while ready < 0, errno == EINTR { ready = poll(&polled, nfds_t(polled.count), 60_000) }
        guard let index = polled.indices.first(where: { polled[$0].revents != 0 }) else {
            throw ChildProcess.Failure(what: "nobody says \(line) for a minute")
        }
        guard let lines = children[index].lines() else {
            throw ChildProcess.Failure(what: "process \(index) has ended instead of \(line)")
        }
        guard lines == [line], expected ?? index == index else {
            throw ChildProcess.Failure(what: "process \(index) says \(lines) instead of \(line)")
        }
        return index
    }
}
