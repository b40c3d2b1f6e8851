import LibFuzzer

/// Patterns of `$regex` on texts made to keep them busy: each is refused, answered or stopped, in bounded time.
///
/// An input is one byte for the options and then the pattern.
@main struct PatternFuzz {
    static func main() {
        LibFuzzer.run { start, count in
            if count > 0 { HostileTexts.shared.ask(UnsafeBufferPointer(start: start, count: count)) }
            return 0
        }
    }
}
