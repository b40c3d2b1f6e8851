import BkendWire

/// Ids for one `$in`, as many as a URL holds.
package enum IDBatch {
    /// The longest prefix of the ids whose request stays within the limits; at least one.
    ///
    /// - Parameter overhead: the bytes of the URL without the ids: address, table, other parameters.
    package static func prefix(_ ids: [String], urlLimit: Int, overhead: Int = 512, most: Int) -> [String] {
        var bytes = overhead
        var count = 0
        for id in ids.prefix(max(1, most)) {
            // The quotes and the comma are percent-encoded as well.
            bytes += QueryItem.percentEncode(id).utf8.count + 9
            if bytes > urlLimit && count > 0 { break }
            count += 1
        }
        return Array(ids.prefix(count))
    }
}
