import BkendTerminal
import ChildProcesses
import Foundation
import Synchronization
import Testing

/// What long commands show on a terminal, and nowhere else.
@Suite("Progress", .timeLimit(.minutes(10)))
struct ProgressTests {
    /// A bar on no terminal, with a clock that the test moves.
    private final class Screen {
        var now = ContinuousClock().now
        var drawn: [String] = []
        lazy var bar = ProgressBar(
            isShown: true, now: { [unowned self] in now }, write: { [unowned self] in drawn.append($0) })
    }

    @Test("Nothing in the first second, then at most five times a second, and the line is taken away")
    func pace() {
        let screen = Screen()
        screen.bar.show(1, of: 4, "records")
        screen.bar.end()
        #expect(screen.drawn == [])
        screen.now += .seconds(1)
        screen.bar.show(2, of: 4, "records")
        screen.now += .milliseconds(199)
        screen.bar.show(3, of: 4, "records")
        #expect(screen.drawn == ["\r\u{1B}[K██████████░░░░░░░░░░ 2 of 4 records"])
        screen.now += .milliseconds(1)
        screen.bar.show(share: 5, of: 4, "5 MiB")
        screen.now += .milliseconds(200)
        screen.bar.show(7, of: nil, "records")
        screen.bar.end()
        screen.bar.end()
        #expect(
            screen.drawn.dropFirst() == ["\r\u{1B}[K████████████████████ 5 MiB", "\r\u{1B}[K7 records", "\r\u{1B}[K"])
    }

    @Test("Without a terminal nothing is drawn")
    func hidden() {
        var drawn: [String] = []
        var now = ContinuousClock().now
        var bar = ProgressBar(isShown: false, now: { now }, write: { drawn.append($0) })
        now += .seconds(9)
        bar.show(1, of: 2, "records")
        bar.end()
        #expect(drawn == [])
    }

    @Test("An import shows its progress on a terminal while it lasts, without colours, and one line at the end")
    func terminal() async throws {
        try await Workplace.with { place in
            try await place.apply(["tables": [["name": "a"]]])
            let folder = place.folder
            let (shown, fed) = try await blocking { try Self.feed(folder) }
            #expect(shown.contains(" records, "), "\(shown.suffix(500))")
            #expect(!shown.replacing("\r\u{1B}[K", with: "").contains("\u{1B}"), "\(shown.suffix(500))")
            #expect(shown.contains("\r\u{1B}[K\(fed) records in "), "\(shown.suffix(500))")
        }
    }

    /// Gives an import records until its terminal shows how far it is; what that showed in all, and the number of records.
    private static func feed(_ folder: String) throws -> (shown: String, fed: Int) {
        let child = try ChildProcess(
            CommandRun.executable, ["import", folder, "a", "-", "--batch", "1"], input: .pipe, errors: .terminal)
        let shown = Mutex("")
        let reading = DispatchGroup()
        DispatchQueue.global().async(group: reading) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(child.errors, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                // A terminal that no process has any more gives an error instead of an end.
                if count <= 0 { return }
                shown.withLock { $0 += String(decoding: buffer[..<count], as: UTF8.self) }
            }
        }
        var fed = 0
        // The pipe fills, so that this isn't ahead of the import.
        while fed < 1_000_000, !shown.withLock({ $0.contains(" records, ") }) {
            fed += 1
            child.write(Array(#"{"id":"r\#(fed)","n":\#(fed)}"#.utf8) + [0x0A])
        }
        close(child.input)
        _ = ChildProcess.everything(from: child.descriptor)
        reading.wait()
        #expect(child.ending().code == 0)
        return (shown.withLock { $0 }, fed)
    }

    @Test("docs/server.md has the command's exit statuses")
    func statuses() throws {
        let package = URL(filePath: #filePath).resolvingSymlinksInPath().appending(path: "../../../..").standardized
        func text(_ path: String) throws -> String {
            try String(contentsOf: package.appending(path: path), encoding: .utf8)
        }
        let page = try #require(try text("docs/server.md").split(separator: "### Exit statuses").last)
        let rows = page.prefix { $0 != "#" }.matches(of: /(?m)^\| (\d+) \|/).compactMap { Int($0.1) }
        let cases = try text("Sources/BkendServerCommand/Output/ExitStatus.swift").matches(of: /case \w+ = (\d+)/)
            .compactMap { Int($0.1) }
        #expect(rows == ([0] + cases).sorted() && cases.count > 5)
    }
}
