import BkendWire

/// Reads the store's own texts.
enum DocumentReader {
    /// - Throws: `StoreError.Reason.damaged` for what is no JSON object.
    static func object(_ text: [UInt8]) throws(StoreError) -> JSONObject {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: text) } catch { throw StoreError(.damaged(error.description)) }
        guard case .object(let object) = json else { throw StoreError(.damaged("a document isn't an object")) }
        return object
    }
}
