import Foundation

/// What the command was asked to do.
struct Options {
    /// What to run.
    enum Run: String {
        /// Each attack by itself, with honest clients beside it.
        case beside
        /// All attacks in turns, for a long time.
        case soak
    }
    var run: Run
    var server: String
    var seconds = 0
    /// Attacks by name; empty for all.
    var names: [String] = []

    static let usage = """
        usage: attacks beside --server PATH [--seconds N] [--only NAME …]
               attacks soak --server PATH [--seconds N]

        beside   measures honest clients alone, and then beside each attack, N seconds each (10)
        soak     lets honest and hostile clients at one server for N seconds (1800), and looks for what grows
        """

    init?(_ arguments: [String]) {
        guard let run = arguments.first.flatMap(Run.init) else { return nil }
        self.run = run
        var (server, rest) = (String?.none, arguments.dropFirst())
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--server": server = value
            case "--only": names.append(value)
            case "--seconds":
                guard let number = Int(value), number > 0 else { return nil }
                seconds = number
            default: return nil
            }
        }
        guard let server else { return nil }
        self.server = server
        if seconds == 0 { seconds = run == .beside ? 10 : 1_800 }
    }
}
