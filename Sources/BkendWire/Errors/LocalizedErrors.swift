public import Foundation

// What a person reads where an app shows `error.localizedDescription`: Foundation's own words for a Swift error are
// "The operation could not be completed", with a number.

extension ErrorBody: LocalizedError {
    /// The server's words.
    public var errorDescription: String? { message.asSentence }
}

extension JSONError: LocalizedError {
    /// What is wrong with the text, and where.
    public var errorDescription: String? { description.asSentence }
}

extension JSONCodingError: LocalizedError {
    /// What is wrong with the value, and where.
    public var errorDescription: String? { description.asSentence }
}

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
