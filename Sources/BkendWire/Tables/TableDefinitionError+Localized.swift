public import Foundation

extension TableDefinitionError: LocalizedError {
    /// What is wrong with the definition, and where.
    public var errorDescription: String? { description.asSentence }
}
