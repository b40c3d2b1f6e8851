import Foundation

extension QueryError: LocalizedError, DescribedError {}
extension FilterNotExpressible: LocalizedError, DescribedError {}
