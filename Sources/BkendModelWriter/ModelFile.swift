import Foundation

/// The Swift file that models go to.
package struct ModelFile {
    private let path: String

    /// The file at a path.
    package init(path: String) { self.path = path }

    /// Writes a text, unless the file has it already.
    ///
    /// - Returns: whether the file changed.
    /// - Throws: `ModelFailure` when it can't be written.
    @discardableResult
    package func write(_ text: String) throws(ModelFailure) -> Bool {
        if has(text) { return false }
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
            throw ModelFailure(.output, "\(path) can't be written: \(error.localizedDescription)")
        }
        return true
    }

    /// Compares the file with a text.
    ///
    /// - Throws: `ModelFailure` when it isn't the same.
    package func check(_ text: String) throws(ModelFailure) {
        guard has(text) else {
            throw ModelFailure(.outdated, "\(path) isn't up to date; run the command without --check")
        }
    }

    private func has(_ text: String) -> Bool { FileManager.default.contents(atPath: path) == Data(text.utf8) }
}
