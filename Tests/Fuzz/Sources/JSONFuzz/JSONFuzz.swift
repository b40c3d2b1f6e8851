import BkendWire
import LibFuzzer

/// The scan that checks a text without building values says what reading it says, and what is read can be written and read
/// again without a change.
@main struct JSONFuzz {
    static func main() {
        LibFuzzer.run { start, count in
            let bytes = Array(UnsafeBufferPointer(start: start, count: count))
            let value = try? JSON(parsing: bytes)
            let isSound = (try? JSON.check(bytes)) != nil
            precondition(isSound == (value != nil), "the scan says \(isSound), reading says \(value != nil)")
            guard let value else { return 0 }
            let text = value.serialized()
            guard let again = try? JSON(parsing: text) else { preconditionFailure("what was written can't be read") }
            precondition(again == value && again.serialized() == text, "what was written reads otherwise")
            return 0
        }
    }
}
