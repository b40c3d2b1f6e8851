import BkendDocuments
import BkendWire
import Foundation
import LibFuzzer

/// Queries as a client sends them: whatever the text, it is refused or answered, alike with indexes and without.
///
/// An input is lines, the parameters in the order of `FilterInput.parameters`. `FilterFuzz seeds FOLDER FILE…` writes the
/// oracle's cases as inputs.
@main struct FilterFuzz {
    static func main() throws {
        if CommandLine.arguments.dropFirst().first == "seeds" {
            return try FilterSeeds.write(
                from: CommandLine.arguments.dropFirst(3), to: URL(filePath: CommandLine.arguments[2]))
        }
        LibFuzzer.run { start, count in
            TwoCollections.shared.ask(FilterInput(UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }
}
