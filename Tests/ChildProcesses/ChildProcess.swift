import Foundation

/// A child process that tells of what it does by lines, and that can be killed at any moment.
///
/// `posix_spawn` instead of Foundation's `Process`: the end of a process and of what it told are waited for here, on
/// one thread, without a run loop.
struct ChildProcess {
    struct Failure: Error { var what: String }

    let pid: pid_t
    /// The end of the pipe to read from.
    let descriptor: Int32
    private var rest: [UInt8] = []

    init(_ executable: URL, _ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(what: "pipe: \(errno)") }
        // Or the other children would hold this one's pipe open after its end.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var words: [UnsafeMutablePointer<CChar>?] = ([executable.path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, executable.path, &actions, nil, words, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Failure(what: "\(executable.path): \(String(cString: strerror(code)))")
        }
        pid = child
        descriptor = ends[0]
    }

    /// What it told since the last call, line by line; nil when it has ended and everything was read. Waits for
    /// something to read.
    mutating func lines() -> [String]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        rest += buffer[..<count]
        var lines: [String] = []
        while let end = rest.firstIndex(of: 10) {
            lines.append(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeFirst(end + 1)
        }
        return lines
    }

    /// Ends it at once: it can do nothing about it.
    func kill() { Foundation.kill(pid, SIGKILL) }

    /// Waits for its end; nil if a signal ended it, else its exit code.
    func reap() -> Int32? {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        close(descriptor)
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    /// An executable that was built with the tests: it lies beside the test bundle.
    static func built(_ name: String) -> URL {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        let folders = [bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = folders.map { $0.appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? folders[0].appending(path: name)
    }
}
