public import Foundation

// What a person reads where an app shows `error.localizedDescription`: Foundation's own words for a Swift error are
// "The operation could not be completed", with a number.

/// An error with a message for the app's users.
package protocol DescribedError: LocalizedError, CustomStringConvertible {
    /// The message: the description as a sentence, unless an error has another.
    var userMessage: String { get }
}

extension DescribedError {
    package var userMessage: String { description.asSentence }

    /// The message for the app's users.
    public var errorDescription: String? { userMessage }
}

extension ErrorBody: LocalizedError, DescribedError {
    /// The server's words.
    package var userMessage: String { message.asSentence }
}

extension JSONError: LocalizedError, DescribedError {}
extension JSONCodingError: LocalizedError, DescribedError {}

extension String {
    /// A message as a sentence: it begins with a capital letter, unless with a name, and ends with a mark.
    package var asSentence: String {
        guard let first else { return "" }
        let word = prefix { !$0.isWhitespace }
        let isName = word.contains { ".:/[_~\"".contains($0) } || word.dropFirst().contains(where: \.isUppercase)
        let text = isName ? self : first.uppercased() + dropFirst()
        return last.map { ".!?".contains($0) } ?? false ? text : text + "."
    }
}
