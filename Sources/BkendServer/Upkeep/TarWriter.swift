import BkendWire

/// Writes a tar archive: POSIX.1-1988's ustar form, with GNU's binary numbers where octal digits don't reach (a file of
/// 8 GiB). Every `tar` unpacks it.
struct TarWriter {
    private let output: OutputFile
    private let owner: (user: Int, group: Int)
    private let seconds: Int64
    private let progress: () -> Void

    private static let block = 512

    /// An archive in a new file; what is unpacked belongs to the owner of `folder`, as far as the system lets it.
    ///
    /// - Parameter progress: called after each piece that is written.
    init(
        _ output: OutputFile, ownedLike folder: String, now: Timestamp, progress: @escaping () -> Void = {}
    ) throws {
        self.output = output
        self.progress = progress
        guard let status = FileStatus(folder) else { throw OperatorError("can't read \(folder)", .storage) }
        owner = (status.user, status.group)
        seconds = now.milliseconds / 1_000
    }

    /// Adds a folder, mode 0700; `name` ends with a slash.
    func folder(_ name: String) throws { try output.write(header(name, size: 0, mode: 0o700, type: "5")) }

    private func header(_ path: String, size: Int, mode: Int, type: Character) throws -> [UInt8] {
        try Self.header(path, size: size, mode: mode, type: type, owner: owner, seconds: seconds)
    }

    /// Adds a file with what the file at `path` holds, mode 0600.
    func file(_ name: String, at path: String) throws { try file(name, try InputFile(plain: path)) }

    /// Adds a file with what another holds, mode 0600.
    func file(_ name: String, _ input: InputFile) throws {
        guard let length = input.length else { throw OperatorError("\(input.path) is not a file") }
        try output.write(header(name, size: length, mode: 0o600, type: "0"))
        var rest = length
        var piece = [UInt8](repeating: 0, count: 256 * 1024)
        while rest > 0 {
            let count = try piece.withUnsafeMutableBytes {
                try input.read(UnsafeMutableRawBufferPointer(rebasing: $0[..<min(rest, $0.count)]))
            }
            guard count > 0 else { throw OperatorError("\(input.path) became shorter while it was read", .storage) }
            try output.write(Array(piece[..<count]))
            rest -= count
            progress()
        }
        let padding = (Self.block - length % Self.block) % Self.block
        try output.write([UInt8](repeating: 0, count: padding))
    }

    /// Ends the archive.
    func finish() throws {
        try output.write([UInt8](repeating: 0, count: 2 * Self.block))
        try output.finish()
    }

    /// The block before an entry.
    static func header(
        _ path: String, size: Int, mode: Int, type: Character, owner: (user: Int, group: Int), seconds: Int64
    ) throws -> [UInt8] {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            header.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        func number(_ value: Int64, at offset: Int, length: Int) {
            let digits = String(value, radix: 8)
            if digits.count < length {
                put(Array((String(repeating: "0", count: length - 1 - digits.count) + digits).utf8), at: offset)
            } else {
                for index in 0..<8 {
                    header[offset + length - 1 - index] = UInt8(truncatingIfNeeded: value >> (8 * index))
                }
                header[offset] = 0x80
            }
        }
        let (prefix, name) = try Self.split(path)
        put(name.utf8, at: 0)
        number(Int64(mode), at: 100, length: 8)
        number(Int64(owner.user), at: 108, length: 8)
        number(Int64(owner.group), at: 116, length: 8)
        number(Int64(size), at: 124, length: 12)
        number(seconds, at: 136, length: 12)
        put(type.utf8, at: 156)
        put("ustar\u{0}00".utf8, at: 257)
        put(prefix.utf8, at: 345)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        let sum = header.reduce(0) { $0 + Int64($1) }
        let digits = String(sum, radix: 8)
        put(Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8) + [0, 0x20], at: 148)
        return header
    }

    /// A path in the two fields of a header: up to 155 bytes, and up to 100 behind a slash.
    private static func split(_ path: String) throws(OperatorError) -> (prefix: String, name: String) {
        if path.utf8.count <= 100 { return ("", path) }
        for slash in path.indices where path[slash] == "/" {
            let (prefix, name) = (String(path[..<slash]), String(path[path.index(after: slash)...]))
            if prefix.utf8.count <= 155, (1...100).contains(name.utf8.count) { return (prefix, name) }
        }
        throw OperatorError("the path \(path) is too long for an archive")
    }
}
