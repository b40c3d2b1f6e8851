import BkendWire

/// A query's filter, search and order, compiled once and asked about single documents: it tells an observer whether a
/// change can touch a result, without a look into the database.
package final class QueryProbe: @unchecked Sendable {  // its users hold a lock around each call
    private let matcher: DocumentMatcher
    private let order: DocumentOrder
    private let isIDDescending: Bool

    /// Compiles a query; what it selects, and which page, is no part of it.
    ///
    /// - Parameter visibility: the fields that count as missing.
    /// - Throws: `InvalidPattern`.
    package init(_ query: Query, hiding visibility: FieldVisibility = .all) throws {
        let order = ResultOrder(query.sort)
        matcher = try DocumentMatcher(query.filter, search: query.search, hiding: visibility)
        self.order = try DocumentOrder(order.fields, hiding: visibility)
        isIDDescending = order.isIDDescending
    }

    /// Whether a document is among those that the query asks for, on whichever page.
    ///
    /// - Throws: `PatternLimitExceeded`, `DamagedDocument`.
    package func matches(_ document: DocumentText) throws -> Bool {
        guard let answer = document.bytes.withUnsafeBufferPointer(matcher.matches) else {
            throw matcher.failure ?? DamagedDocument(collection: "", detail: "the filter can't be tried on it")
        }
        return answer
    }

    /// Where a document stands in the query's order.
    ///
    /// - Throws: `DamagedDocument`.
    package func place(of document: DocumentText, id: String) throws -> Place {
        guard let key = document.bytes.withUnsafeBufferPointer({ order.withKey(of: $0, Array.init) }) else {
            throw order.failure ?? DamagedDocument(collection: "", detail: "it has no place in the order")
        }
        return Place(key: key, id: id, isIDDescending: isIDDescending)
    }

    /// A place in the query's order; the lesser one comes first.
    package struct Place: Comparable, Sendable {
        let key: [UInt8]
        let id: String
        let isIDDescending: Bool

        package static func == (a: Place, b: Place) -> Bool { a.key == b.key && a.id.hasSameBytes(as: b.id) }

        package static func < (a: Place, b: Place) -> Bool {
            let order = ByteOrder.compare(a.key, b.key)
            if order != 0 { return order < 0 }
            return a.isIDDescending ? b.id.precedesInBytes(a.id) : a.id.precedesInBytes(b.id)
        }
    }
}
