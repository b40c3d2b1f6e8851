/// What a ratio should be.
package enum Goal: Sendable {
    /// At least this: the ratio is of speeds.
    case atLeast(Double)
    /// At most this: the ratio is of times.
    case atMost(Double)

    /// Whether a ratio is as good as it should be.
    package func isMet(by ratio: Double) -> Bool {
        switch self {
        case .atLeast(let goal): ratio >= goal
        case .atMost(let goal): ratio <= goal
        }
    }

    var text: String {
        switch self {
        case .atLeast(let goal): "≥ \(goal)"
        case .atMost(let goal): "≤ \(goal)"
        }
    }
}
