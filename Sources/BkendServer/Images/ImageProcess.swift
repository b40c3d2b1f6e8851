import Foundation
import NIOCore
import NIOPosix

/// One run of the program that resizes pictures: bytes go to its standard input, the picture to an open file, what it has to
/// say comes from its standard error.
final class ImageProcess: Sendable {
    private let child: pid_t
    /// Our end of its standard input: a socket, which gives an error and no signal when nobody reads any more.
    private let input: Int32
    private let errors: Int32
    private let deadline: ContinuousClock.Instant

    /// Starts it.
    init(_ program: String, _ arguments: [String], output: Int32, time: Duration) throws {
        deadline = .now + time
        var sockets: [Int32] = [-1, -1]
        var pipes: [Int32] = [-1, -1]
        let cloexec = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, cloexec, 0, &sockets) == 0 else { throw ObjectFailure.last("can't start", program) }
        guard pipe(&pipes) == 0 else {
            for end in sockets { close(end) }
            throw ObjectFailure.last("can't start", program)
        }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, sockets[1], 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        // Nothing of what the server knows.
        let bare = ["PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8"]
        var environment: [UnsafeMutablePointer<CChar>?] = bare.map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, &words, &environment)
        close(sockets[1])
        close(pipes[1])
        guard result == 0 else {
            close(sockets[0])
            close(pipes[0])
            errno = result
            throw ObjectFailure.last("can't start", program)
        }
        self.child = child
        input = sockets[0]
        errors = pipes[0]
        var limit = timeval(tv_sec: Int(time.components.seconds), tv_usec: 0)
        setsockopt(input, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(input)
        close(errors)
    }

    /// Sends the original and waits for the end.
    ///
    /// - Returns: why there is no picture; nil when there is.
    func run(
        on threads: NIOThreadPool, length: Int, _ read: @escaping @Sendable (Int, Int) async throws -> ByteBuffer
    ) async throws -> String? {
        async let ending = threads.runIfActive { self.wait() }
        var sent = 0
        do {
            while sent < length {
                let piece = try await read(sent, min(256 << 10, length - sent))
                guard piece.readableBytes > 0 else { break }
                sent += piece.readableBytes
                // It may have seen enough, and be gone.
                guard try await threads.runIfActive({ self.send(piece) }) else { break }
            }
        } catch {
            kill(child, SIGKILL)
            _ = try await ending
            throw error
        }
        shutdown(input, Int32(SHUT_WR))
        return try await ending
    }

    private func send(_ piece: ByteBuffer) -> Bool {
        piece.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = Foundation.send(input, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Reads what it says until it ends, by itself or by us.
    private func wait() -> String? {
        var said: [UInt8] = []
        var isLate = false
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero {
                // Whoever else has its standard error isn't waited for.
                isLate = true
                kill(child, SIGKILL)
                break
            }
            var descriptor = pollfd(fd: errors, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, Int32(left.components.seconds * 1_000 + 1)) > 0 else { continue }
            var piece = [UInt8](repeating: 0, count: 1_024)
            let got = Foundation.read(errors, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            if said.count < 1_024 { said += piece[..<got] }
        }
        let status = status()
        if status == 0 { return nil }
        if isLate { return "it took longer than it may" }
        let text = String(decoding: said, as: UTF8.self).split(separator: "\n").last.map { String($0) }
        return text ?? "the program ended with status \(status)"
    }

    /// How it ended. One that closed its standard error and goes on is ended at the deadline.
    private func status() -> Int32 {
        var status: Int32 = 0
        while ContinuousClock.now < deadline {
            if waitpid(child, &status, WNOHANG) != 0 { return status }
            usleep(1_000)
        }
        kill(child, SIGKILL)
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
