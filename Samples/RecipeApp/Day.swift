import ArgumentParser
import Foundation

/// A day as text, `2025-01-20`: it sorts as text does, and has no time zone that could make it another day elsewhere.
struct Day: ExpressibleByArgument {
    let text: String
    private let noon: Date

    private static let format = Date.ISO8601FormatStyle().year().month().day()

    init?(argument: String) {
        guard let date = try? Self.format.parse(argument), date.formatted(Self.format) == argument else { return nil }
        (text, noon) = (argument, date)
    }

    /// The text of the day so many days later.
    func text(after days: Int) -> String {
        noon.addingTimeInterval(Double(days) * 86_400).formatted(Self.format)
    }
}
