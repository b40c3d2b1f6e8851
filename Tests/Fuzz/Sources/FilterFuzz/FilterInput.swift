import BkendWire

/// An input taken apart: one parameter a line; an empty line, or none, leaves its parameter out.
struct FilterInput {
    /// The parameters in the order of the lines.
    static let parameters = ["andFilters", "orFilters", "sortBy", "sortDirection", "search", "searchType", "limit"]

    let items: [QueryItem]

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        items = zip(Self.parameters, lines).compactMap { name, line in
            // What isn't UTF-8 is refused before a query is read.
            guard !line.isEmpty, let value = String(validating: line, as: UTF8.self) else { return nil }
            return QueryItem(name, value)
        }
    }
}
