package import ArgumentParser

/// The options that every program takes.
package struct ReportOptions: ParsableArguments {
    @Option(help: "How many rounds count, at most; the ratio reported is the middle one of theirs.")
    package var rounds = 9
    @Option(help: "How long one comparison may take, in seconds, once it has had three rounds.")
    package var seconds = 60
    @Option(help: "A file to which each figure is added as one line of JSON.")
    package var json: String?

    /// The defaults.
    package init() {}

    /// The rounds that were asked for.
    package var interleaving: Interleaving { Interleaving(rounds: rounds, limit: .seconds(seconds)) }

    /// Refuses what measures nothing.
    package func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds is a number from 1") }
        if seconds < 0 { throw ValidationError("--seconds is not negative") }
    }
}
