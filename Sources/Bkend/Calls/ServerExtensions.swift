import HTTPTypes
import Synchronization

/// What the server offers beyond the base API, by its last success to this client (`X-Bkend-Extensions`). It is kept in
/// memory alone: what an earlier process was told counts for nothing.
final class ServerExtensions: Sendable {
    private static let field = HTTPField.Name("X-Bkend-Extensions")
    private let grace = Mutex<Duration?>(nil)

    /// For how long after its use the server answers a refresh token again; nil where its last success didn't say.
    var refreshGrace: Duration? { grace.withLock { $0 } }

    /// Takes in the head of a complete success of a bkend server. One that says nothing takes back what others said.
    func note(success head: HTTPResponse) {
        let grace = Self.field.flatMap { head.headerFields[$0] }.flatMap(Self.refreshGrace)
        self.grace.withLock { $0 = grace }
    }

    /// The seconds of `refresh-grace=10` in the header's value; nil where it stands there not exactly once, or with
    /// something else than a whole number. More than a minute counts as one: nobody waits longer to be signed in.
    static func refreshGrace(in value: String) -> Duration? {
        let name = "refresh-grace="
        let found = value.split { $0 == "," || $0 == ";" }.map { $0.drop { $0 == " " || $0 == "\t" } }
            .filter { $0.hasPrefix(name) }
        guard found.count == 1, var digits = found.first?.dropFirst(name.count) else { return nil }
        while digits.last == " " || digits.last == "\t" { digits.removeLast() }
        guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int(digits), seconds > 0
        else { return nil }
        return .seconds(min(seconds, 60))
    }
}
