extension JSON {
    /// This value as a Swift value, the counterpart of `init(encoding:)`.
    ///
    /// Strict: a number is taken only where the type holds it exactly (`2.0` as an `Int`, never `1.5`), a boolean is no
    /// number, a date is ISO 8601.
    ///
    /// - Throws: `JSONCodingError` with the place of what doesn't fit.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws(JSONCodingError) -> Value {
        do {
            return try JSONValueDecoder(value: self, codingPath: [], userInfo: userInfo).decode(type)
        } catch {
            throw JSONCodingError(error)
        }
    }
}
