/// Why nothing can be measured.
package struct BenchmarkFailure: Error, CustomStringConvertible {
    package let description: String

    /// A reason, for people.
    package init(_ description: String) { self.description = description }
}
