import BkendWire

/// A document as it is stored: UTF-8 JSON text.
package struct DocumentText: Hashable, Sendable {
    /// The text.
    package let bytes: [UInt8]

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = Array(bytes) }

    /// A text that is known to be a JSON object.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The document as values.
    ///
    /// - Throws: `DamagedDocument` when the stored text is no JSON object.
    package var json: JSONObject {
        get throws {
            do throws(JSONError) {
                if case .object(let object) = try JSON(parsing: bytes) { return object }
            } catch {
                throw DamagedDocument(collection: "", detail: error.description)
            }
            throw DamagedDocument(collection: "", detail: "the text is no JSON object")
        }
    }
}
