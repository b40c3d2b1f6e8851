/// The values of one thing over several rounds.
package struct Series: Sendable {
    /// The values in the order of the rounds; never empty.
    package let values: [Double]

    /// A series of at least one value.
    package init(_ values: [Double]) {
        precondition(!values.isEmpty, "a series needs a value")
        self.values = values
    }

    /// The middle value, or the mean of the two in the middle.
    package var median: Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The least value.
    package var minimum: Double { values.min() ?? .nan }

    /// The greatest value.
    package var maximum: Double { values.max() ?? .nan }

    /// Each round's value by the same round's value of another series.
    package func divided(by other: Series) -> Series { Series(zip(values, other.values).map { $0 / $1 }) }

    /// Each value changed.
    package func map(_ change: (Double) -> Double) -> Series { Series(values.map(change)) }
}
