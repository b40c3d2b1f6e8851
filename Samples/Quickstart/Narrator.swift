import Foundation

/// Tells what happens, and ends the program with status 1 as soon as something isn't as promised.
struct Narrator {
    private var step = 0

    mutating func step(_ text: String) {
        step += 1
        print("\n\(step). \(text)")
    }

    func say(_ text: String) { print("   \(text)") }

    func code(_ text: String) { print("   > \(text)") }

    /// Ends the program when a step gave something else than it promises.
    func expect(_ isAsPromised: Bool, _ promise: String) throws {
        guard isAsPromised else { throw ServerProcess.Failure(description: "not as promised: \(promise)") }
    }
}
