import Foundation

extension TableDefinitionError: LocalizedError, DescribedError {}
