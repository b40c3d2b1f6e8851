import CChildProcess
package import Foundation

/// A child process that tests speak to through pipes, and can kill at any moment.
///
/// `posix_spawn` instead of Foundation's `Process`, which reads past the list of open descriptors where a thousand are open,
/// and needs a run loop to see an end. Here a process is waited for by whoever wants to know, on their thread.
package struct ChildProcess: Sendable {
    /// What can go wrong with a child.
    package struct Failure: Error {
        package var what: String
        package init(what: String) { self.what = what }
    }

    /// What a child's standard input or standard error is.
    package enum Stream: Sendable {
        case inherited, nothing, pipe
        /// The same as standard output; for standard error alone.
        case output
        /// A terminal of 80 columns; for standard error alone. What it shows is read as from a pipe.
        case terminal
    }

    package let pid: pid_t
    /// The end of the pipe to write its standard input to, for the test to close; -1 for none.
    package let input: Int32
    /// The end of the pipe to read its standard output from.
    package let descriptor: Int32
    /// The same of its standard error; -1 for none.
    package let errors: Int32
    private var rest: [UInt8] = []

    /// Starts a process.
    ///
    /// - Parameters:
    ///   - folder: its working directory, nil for this process's.
    ///   - environment: its variables, nil for this process's.
    package init(
        _ executable: URL, _ arguments: [String], input: Stream = .nothing, errors: Stream = .inherited,
        folder: URL? = nil, environment: [String: String]? = nil
    ) throws {
        var opened: [Int32] = []
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Both ends are closed in other children, which would hold this one's pipe open after its end.
        func pipe() throws -> (read: Int32, write: Int32) {
            var ends: [Int32] = [0, 0]
            guard child_pipe(&ends) == 0 else { throw Failure(what: "pipe: \(errno)") }
            opened += ends
            return (ends[0], ends[1])
        }
        do {
            let output = try pipe()
            posix_spawn_file_actions_adddup2(&actions, output.write, 1)
            var mine = (input: Int32(-1), errors: Int32(-1))
            switch input {
            case .inherited: break
            case .nothing, .output, .terminal: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            case .pipe:
                let ends = try pipe()
                posix_spawn_file_actions_adddup2(&actions, ends.read, 0)
                mine.input = ends.write
            }
            switch errors {
            case .inherited: break
            case .nothing: posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
            case .output: posix_spawn_file_actions_adddup2(&actions, output.write, 2)
            case .terminal:
                var ends: [Int32] = [-1, -1]
                guard child_terminal(&ends, 80) == 0 else { throw Failure(what: "terminal: \(errno)") }
                opened += ends
                posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
                mine.errors = ends[0]
            case .pipe:
                let ends = try pipe()
                posix_spawn_file_actions_adddup2(&actions, ends.write, 2)
                mine.errors = ends.read
            }
            if let folder { child_addchdir(&actions, folder.path) }
            child_addclosefrom(&actions, 3)
            pid = try Self.spawn(executable.path, arguments, actions: &actions, environment)
            (descriptor, self.input, self.errors) = (output.read, mine.input, mine.errors)
        } catch {
            for end in opened { close(end) }
            throw error
        }
        for end in opened where ![descriptor, self.input, self.errors].contains(end) { close(end) }
    }

    private static func spawn(
        _ path: String, _ arguments: [String], actions: inout posix_spawn_file_actions_t,
        _ environment: [String: String]?
    ) throws -> pid_t {
        func words(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }
        let arguments = words([path] + arguments)
        let variables = environment.map { words($0.map { "\($0.key)=\($0.value)" }) }
        defer { for word in arguments + (variables ?? []) { free(word) } }
        // Threads of a pool block signals, and servers ignore SIGPIPE: the child is to have neither.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, ignored) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&ignored)
        sigaddset(&ignored, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ignored)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let code =
            if let variables { posix_spawn(&child, path, &actions, &attributes, arguments, variables) } else {
                posix_spawn(&child, path, &actions, &attributes, arguments, environ)
            }
        guard code == 0 else { throw Failure(what: "\(path): \(String(cString: strerror(code)))") }
        return child
    }

    /// What it told since the last call, line by line; nil when it has ended and everything was read. Waits for
    /// something to read.
    package mutating func lines() -> [String]? {
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

    /// The next line; nil when it has ended. Reads no further, so that the rest can be read by others.
    package func line() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            if byte == 10 { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Writes to its standard input; what it doesn't read any more is dropped.
    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// All that comes out of one of its pipes until it ends.
    package static func everything(from descriptor: Int32) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    /// Ends it at once: it can do nothing about it.
    package func kill() { Foundation.kill(pid, SIGKILL) }

    /// Waits for its end; nil if a signal ended it, else its exit code.
    package func reap() -> Int32? {
        let ending = ending()
        return ending.isSignal ? nil : ending.code
    }

    /// Waits for its end, and closes the pipes that are read; its exit code, or the signal that ended it.
    package func ending() -> (code: Int32, isSignal: Bool) {
        defer { for end in [descriptor, errors] where end >= 0 { close(end) } }
        return wait()
    }

    /// Waits for its end; its exit code, or the signal that ended it. Once, since its number is another's then.
    @discardableResult package func wait() -> (code: Int32, isSignal: Bool) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8 & 0xFF, false) : (status & 0x7F, true)
    }

    /// An executable that was built with the tests: it lies beside the test bundle.
    package static func built(_ name: String) -> URL {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        let folders = [bundle.deletingLastPathComponent(), Bundle.main.bundleURL]
        let found = folders.map { $0.appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return found ?? folders[0].appending(path: name)
    }
}
