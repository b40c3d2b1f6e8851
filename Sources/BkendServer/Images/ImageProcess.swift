import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// One run of the program that resizes pictures: bytes go to its standard input, the picture to an open file, what it has to
/// say comes from its standard error.
final class ImageProcess: Sendable {
    /// What came of it.
    enum Ending: Equatable {
        /// The picture is there.
        case made
        /// The original is no picture that can be resized; it will be none the next time either.
        case noPicture(String)
        /// Something else went wrong, which may go well another time.
        case failed(String)
    }

    /// The exit status that says that the original is no picture (sysexits.h, EX_DATAERR).
    private static let dataError: Int32 = 65

    /// The process, until it is reaped: from then on its number may be another's.
    private let child: Mutex<pid_t?>
    /// Our end of its standard input: a socket, which gives an error and no signal when nobody reads any more.
    private let input: Int32
    private let errors: Int32
    private let deadline: ContinuousClock.Instant

    /// Starts it.
    init(_ program: String, _ arguments: [String], output: Int32, time: Duration) throws {
        deadline = .now + time
        // Sockets for both: a pipe could be inherited by a process that starts before it is marked.
        let ends = try (Self.pair(program), Self.pair(program))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends.0.theirs, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, ends.1.theirs, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        // Nothing of what the server knows. What doesn't fit into memory isn't put into files: they would stay.
        let bare = ["PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", "VIPS_DISC_THRESHOLD=1g", "TMPDIR=/nonexistent"]
        var environment: [UnsafeMutablePointer<CChar>?] = bare.map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, &words, &environment)
        close(ends.0.theirs)
        close(ends.1.theirs)
        guard result == 0 else {
            close(ends.0.ours)
            close(ends.1.ours)
            errno = result
            throw ObjectFailure.last("can't start", program)
        }
        self.child = Mutex(child)
        (input, errors) = (ends.0.ours, ends.1.ours)
        var limit = timeval(tv_sec: Int(time.components.seconds) + 1, tv_usec: 0)
        setsockopt(input, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(input)
        close(errors)
    }

    private static func pair(_ program: String) throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw ObjectFailure.last("can't start", program) }
        return (ends[0], ends[1])
    }

    /// Sends the original and waits for the end, which comes at the deadline at the latest.
    ///
    /// - Throws: what `read` throws, unless the program wanted no more.
    func run(
        on threads: NIOThreadPool, length: Int, _ read: @escaping @Sendable (Int, Int) async throws -> ByteBuffer
    ) async throws -> Ending {
        let sending = Task { try await self.send(length, on: threads, read) }
        let ending = await withTaskCancellationHandler {
            // Whoever waits isn't cancelled: the process must be reaped.
            await withCheckedContinuation { continuation in
                threads.submit { _ in continuation.resume(returning: self.wait()) }
            }
        } onCancel: {
            end()
        }
        sending.cancel()
        do { try await sending.value } catch is CancellationError {} catch { throw error }
        try Task.checkCancellation()
        return ending
    }

    private func send(
        _ length: Int, on threads: NIOThreadPool, _ read: @Sendable (Int, Int) async throws -> ByteBuffer
    ) async throws {
        // Half an original ends the program too.
        defer { shutdown(input, Int32(SHUT_WR)) }
        var sent = 0
        while sent < length {
            let piece = try await read(sent, min(256 << 10, length - sent))
            guard piece.readableBytes > 0 else { throw ObjectFailure(description: "the original ends early") }
            sent += piece.readableBytes
            // It may have seen enough, and be gone.
            guard try await threads.runIfActive({ self.send(piece) }) else { return }
        }
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

    /// Ends it at once, if it hasn't ended.
    private func end() { child.withLock { child in if let child { kill(child, SIGKILL) } } }

    /// Reads what it says until it ends, by itself or by us.
    private func wait() -> Ending {
        var said: [UInt8] = []
        var isLate = false
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            if left <= .zero {
                // Whoever else has its standard error isn't waited for.
                isLate = true
                end()
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
        let status = reaped()
        if isLate { return .failed("it took longer than it may") }
        let text = String(decoding: said, as: UTF8.self).split(separator: "\n").last.map { String($0) }
        // <sys/wait.h>: the low seven bits are the signal, the next byte is what it gave to exit.
        switch status {
        case 0?: return .made
        case let status? where status & 0x7F == 0 && status >> 8 == Self.dataError:
            return .noPicture(text ?? "it is no picture")
        case let status?: return .failed(text ?? "the program ended with status \(status)")
        case nil: return .failed("how the program ended can't be told")
        }
    }

    /// How it ended; nil when somebody else has seen that. One that closed its standard error and goes on is ended at the
    /// deadline.
    private func reaped() -> Int32? {
        while true {
            var status: Int32 = 0
            let got = child.withLock { child -> pid_t in
                guard let number = child else { return -1 }
                let got = waitpid(number, &status, WNOHANG)
                if got != 0, !(got < 0 && errno == EINTR) { child = nil }
                return got
            }
            if got > 0 { return status }
            if got < 0, errno != EINTR { return nil }
            if ContinuousClock.now >= deadline { end() }
            // No wait for a process has a time limit; one that has closed its standard error ends within moments.
            usleep(1_000)
        }
    }
}
