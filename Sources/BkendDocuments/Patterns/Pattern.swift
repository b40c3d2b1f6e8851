import CPCRE2

/// A compiled `$regex`: PCRE2 in UTF mode, as MongoDB compiles it, with limits that no pattern can raise.
///
/// PCRE2's match limit counts backtracking, not what a single step reads: on a text of a megabyte, `a*+[bc]` and its like
/// run for minutes within it, and SQLite can't interrupt them. So patterns are compiled with a callout before each of
/// their items (pcre2callout(3)), in which `PatternWatch` looks at the time. That costs a harmless match about a tenth of
/// a microsecond.
///
/// The compiled code is never written after `init` and PCRE2 documents it as safe to share between threads.
final class Pattern: @unchecked Sendable {  // See above: immutable, and each use brings its own match data.
    private let code: OpaquePointer
    let pattern: String
    let options: String

    /// How many times one match may backtrack. A harmless pattern needs a few for each byte.
    static let matchLimit: UInt32 = 1_000_000
    /// How deep the interpreter may nest where there is no JIT.
    static let depthLimit: UInt32 = 100_000
    /// How much memory the interpreter may take, in KiB.
    static let heapLimit: UInt32 = 32 * 1024

    /// - Throws: `InvalidPattern` with PCRE2's reason and the offset.
    init(_ pattern: String, options: String) throws(InvalidPattern) {
        var flags = UInt32(PCRE2_UTF) | UInt32(PCRE2_NEVER_BACKSLASH_C) | UInt32(PCRE2_AUTO_CALLOUT)
        for option in options.utf8 {
            switch option {
            case 0x69: flags |= UInt32(PCRE2_CASELESS)
            case 0x6D: flags |= UInt32(PCRE2_MULTILINE)
            case 0x73: flags |= UInt32(PCRE2_DOTALL)
            case 0x78: flags |= UInt32(PCRE2_EXTENDED)
            default:
                throw InvalidPattern(pattern: pattern, reason: "unknown option in $options", offset: 0)
            }
        }
        if let offset = pattern.utf8.firstIndex(of: 0) {
            let distance = pattern.utf8.distance(from: pattern.utf8.startIndex, to: offset)
            throw InvalidPattern(pattern: pattern, reason: "a pattern can't hold U+0000", offset: distance)
        }
        var problem: Int32 = 0
        var offset = 0
        let compiled = Array(pattern.utf8).withUnsafeBufferPointer {
            pcre2_compile_8($0.baseAddress, $0.count, flags, &problem, &offset, nil)
        }
        guard let compiled else {
            throw InvalidPattern(pattern: pattern, reason: Self.message(problem), offset: offset)
        }
        // Without JIT the interpreter does the work.
        _ = pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
        code = compiled
        self.pattern = pattern
        self.options = options
    }

    deinit { pcre2_code_free_8(code) }

    /// Whether the pattern matches anywhere in a text.
    ///
    /// - Throws: `PatternLimitExceeded`; `QueryTimedOut` when the workspace's deadline passes meanwhile.
    func matches(_ text: UnsafeBufferPointer<UInt8>, using workspace: PatternWorkspace) throws -> Bool {
        workspace.watch.begin()
        let start = text.baseAddress ?? UnsafePointer(workspace.empty)
        var result = pcre2_match_8(code, start, text.count, 0, 0, workspace.data, workspace.context)
        if result == PCRE2_ERROR_JIT_STACKLIMIT {
            result = pcre2_match_8(code, start, text.count, 0, UInt32(PCRE2_NO_JIT), workspace.data, workspace.context)
        }
        // 0: it matched, with more groups than the match data holds, which nobody reads.
        if result >= 0 { return true }
        switch result {
        case PCRE2_ERROR_NOMATCH: return false
        case PCRE2_ERROR_UTF8_ERR21...PCRE2_ERROR_UTF8_ERR1: return false
        case PCRE2_ERROR_CALLOUT: throw workspace.watch.failure(pattern)
        default: throw PatternLimitExceeded(pattern: pattern, reason: Self.message(result))
        }
    }

    private static func message(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = buffer.withUnsafeMutableBufferPointer { pcre2_get_error_message_8(code, $0.baseAddress, $0.count) }
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "PCRE2 error \(code)"
    }
}
