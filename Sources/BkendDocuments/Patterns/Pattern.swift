import CPCRE2

/// A compiled `$regex`: PCRE2 in UTF mode, as MongoDB compiles it, with limits that no pattern can raise.
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
        var flags = UInt32(PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C)
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
    /// - Throws: `PatternLimitExceeded`.
    func matches(_ text: UnsafeBufferPointer<UInt8>, using workspace: PatternWorkspace) throws -> Bool {
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
        default: throw PatternLimitExceeded(pattern: pattern, reason: Self.message(result))
        }
    }

    private static func message(_ code: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = buffer.withUnsafeMutableBufferPointer { pcre2_get_error_message_8(code, $0.baseAddress, $0.count) }
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "PCRE2 error \(code)"
    }
}

/// What one thread needs to match patterns.
final class PatternWorkspace {
    let data: OpaquePointer?
    let context: OpaquePointer?
    /// A place for an empty text to start: PCRE2 takes no null pointer.
    let empty = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

    init() {
        data = pcre2_match_data_create_8(1, nil)
        context = pcre2_match_context_create_8(nil)
        pcre2_set_match_limit_8(context, Pattern.matchLimit)
        pcre2_set_depth_limit_8(context, Pattern.depthLimit)
        pcre2_set_heap_limit_8(context, Pattern.heapLimit)
        empty.initialize(to: 0)
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        empty.deallocate()
    }
}
