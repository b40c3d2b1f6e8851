import Foundation

/// Reads a password, never from an argument: other users of the machine can see those.
enum Password {
    /// The longest that is read, in bytes.
    private static let longest = 4_096

    /// The password from standard input's first line, or asked for at the terminal without showing it.
    static func read(fromStandardInput: Bool, prompt: String = "Password: ") throws -> String {
        let password = fromStandardInput ? try line(from: STDIN_FILENO) : try asked(prompt)
        guard !password.isEmpty else { throw CommandFailure("the password is empty", .usage) }
        return password
    }

    private static func asked(_ prompt: String) throws -> String {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw CommandFailure("there is no terminal to ask for the password; use --password-stdin", .usage)
        }
        defer { close(terminal) }
        _ = prompt.withCString { write(terminal, $0, strlen($0)) }
        var before = termios()
        let isKnown = tcgetattr(terminal, &before) == 0
        if isKnown {
            var hidden = before
            // Ctrl-C is read as a character, so that the terminal never stays without echo.
            hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
            tcsetattr(terminal, TCSAFLUSH, &hidden)
        }
        defer {
            if isKnown { tcsetattr(terminal, TCSAFLUSH, &before) }
            _ = write(terminal, "\n", 1)
        }
        return try line(from: terminal)
    }

    private static func line(from descriptor: Int32) throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count <= longest {
            let count = Foundation.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 || byte == 10 { break }
            if byte == 3 { throw CommandFailure("cancelled") }
            bytes.append(byte)
        }
        guard bytes.count <= longest else { throw CommandFailure("the password is too long", .usage) }
        if bytes.last == 13 { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("the password isn't UTF-8", .usage)
        }
        return text
    }
}
