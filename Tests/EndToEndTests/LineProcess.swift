import ChildProcesses
import Foundation
import Synchronization

/// A child process that is spoken to line by line. Its lines are read on a thread of their own, so that waiting for one
/// holds no thread that tests need.
final class LineProcess: Sendable {
    struct Failure: Error { var what: String }

    private let child: ChildProcess
    private let lines: AsyncStream<String>
    private let hasEnded = Mutex(false)

    /// Starts an executable that was built with the tests: it lies beside the test bundle.
    init(_ name: String, _ arguments: [String]) throws {
        let child = try ChildProcess(ChildProcess.built(name), arguments, input: .pipe)
        let (lines, next) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            var child = child
            while let lines = child.lines() { for line in lines { next.yield(line) } }
            close(child.descriptor)
            next.finish()
        }
        self.lines = lines
        self.child = child
    }

    /// Writes a line to its standard input.
    func tell(_ line: String) { child.write(Array("\(line)\n".utf8)) }

    /// The next line that it wrote.
    ///
    /// - Throws: `Failure` when it has ended instead.
    func line() async throws -> String {
        for await line in lines { return line }
        throw Failure(what: "the process has ended")
    }

    /// Its number.
    var id: Int32 { child.pid }

    /// Sends it a signal.
    func signal(_ number: Int32) { _ = kill(id, number) }

    /// Ends it: it has nothing to bring to an end.
    func end() {
        hasEnded.withLock { hasEnded in
            if hasEnded { return }
            hasEnded = true
            child.kill()
            child.wait()
            close(child.input)
        }
    }
}
