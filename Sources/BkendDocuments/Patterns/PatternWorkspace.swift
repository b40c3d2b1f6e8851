import CPCRE2

/// What one thread needs to match patterns.
final class PatternWorkspace {
    let data: OpaquePointer?
    let context: OpaquePointer?
    /// A place for an empty text to start: PCRE2 takes no null pointer.
    let empty = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    let watch: PatternWatch

    /// - Parameter deadline: when to stop a match, beside its own limits.
    init(deadline: QueryDeadline?) {
        watch = PatternWatch(deadline: deadline)
        data = pcre2_match_data_create_8(1, nil)
        context = pcre2_match_context_create_8(nil)
        pcre2_set_match_limit_8(context, Pattern.matchLimit)
        pcre2_set_depth_limit_8(context, Pattern.depthLimit)
        pcre2_set_heap_limit_8(context, Pattern.heapLimit)
        // The watch lives as long as the context.
        let callout: @convention(c) (UnsafeMutablePointer<pcre2_callout_block_8>?, UnsafeMutableRawPointer?) -> Int32 =
            {
                guard let watch = $1 else { return 0 }
                return Unmanaged<PatternWatch>.fromOpaque(watch).takeUnretainedValue().step()
            }
        pcre2_set_callout_8(context, callout, Unmanaged.passUnretained(watch).toOpaque())
        empty.initialize(to: 0)
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        empty.deallocate()
    }
}
