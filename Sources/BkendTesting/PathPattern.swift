/// A path in which `*` stands for any characters.
struct PathPattern: Sendable {
    private let parts: [Substring]

    init(_ text: String) { parts = text.split(separator: "*", omittingEmptySubsequences: false) }

    func matches(_ path: Substring) -> Bool {
        guard let first = parts.first, let last = parts.last, path.hasPrefix(first) else { return false }
        guard parts.count > 1 else { return path == first }
        var rest = path.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }

    /// A path with ids left out, which differ from run to run: what is long and has a digit, or is a local id.
    static func route(of path: Substring) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.count >= 16 && part.contains(where: \.isNumber) ? ":id" : String(part)
        }.joined(separator: "/")
    }
}
