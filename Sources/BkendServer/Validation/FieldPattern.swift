#if Server
import CPCRE2
import Synchronization

/// The `pattern` rule of a field: PCRE2 in UTF mode, as `$regex` has it. Patterns come from the operator's schema; the
/// match limit stops one that would backtrack for ever over a hostile text.
enum FieldPattern {
    /// What is wrong with a pattern, nil when it compiles.
    static func flaw(in pattern: String) -> String? {
        do throws(Flaw) {
            _ = try CompiledPattern(pattern)
            return nil
        } catch { return "can't be compiled: \(error.reason) at byte \(error.offset)" }
    }

    /// Whether a text holds a match. A text that the match limit stops has none.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let known = compiled.withLock { $0[pattern] }
        guard let code = known ?? (try? CompiledPattern(pattern)) else { return false }
        if known == nil {
            compiled.withLock { patterns in
                if patterns.count >= 256 { patterns.removeAll() }
                patterns[pattern] = code
            }
        }
        return code.matches(text)
    }

    /// A memo of a pure function, so one serves every server of the process.
    private static let compiled = Mutex<[String: CompiledPattern]>([:])

    fileprivate struct Flaw: Error {
        var reason: String
        var offset: Int
    }
}

/// Compiled code is never written after `init`, and PCRE2 documents it as safe to share between threads.
private final class CompiledPattern: @unchecked Sendable {  // See above: immutable; each match has its own data.
    private let code: OpaquePointer

    init(_ pattern: String) throws(FieldPattern.Flaw) {
        var number: Int32 = 0
        var offset = 0
        let flags = UInt32(PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C)
        let code = Array(pattern.utf8).withUnsafeBufferPointer {
            pcre2_compile_8($0.baseAddress, $0.count, flags, &number, &offset, nil)
        }
        guard let code else {
            var message = [UInt8](repeating: 0, count: 256)
            let length = pcre2_get_error_message_8(number, &message, message.count)
            let reason = length > 0 ? String(decoding: message.prefix(Int(length)), as: UTF8.self) : "error \(number)"
            throw FieldPattern.Flaw(reason: reason, offset: offset)
        }
        self.code = code
    }

    deinit { pcre2_code_free_8(code) }

    func matches(_ text: String) -> Bool {
        let data = pcre2_match_data_create_8(1, nil)
        let context = pcre2_match_context_create_8(nil)
        defer {
            pcre2_match_data_free_8(data)
            pcre2_match_context_free_8(context)
        }
        pcre2_set_match_limit_8(context, 1_000_000)
        var text = text
        let result = text.withUTF8 { bytes in
            // PCRE2 takes no null pointer, which an empty text may have.
            withUnsafePointer(to: 0 as UInt8) { empty in
                pcre2_match_8(code, bytes.baseAddress ?? empty, bytes.count, 0, 0, data, context)
            }
        }
        return result >= 0
    }
}
#endif
