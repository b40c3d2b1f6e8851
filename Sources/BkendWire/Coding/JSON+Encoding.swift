extension JSON {
    /// The JSON form of a Swift value.
    ///
    /// Numbers keep their value or are refused: integers beyond 64 bits signed that a double can't hold, decimals with
    /// more digits than a double keeps, NaN and infinities. A `Date` becomes ISO 8601 in UTC with milliseconds
    /// (rest-api.md §3), `Data` base64, a `URL` its text. Members stand in the order in which they were encoded; those
    /// of a `Dictionary` and the elements of a `Set`, which have no order, are sorted, so that equal values have one
    /// form.
    ///
    /// - Throws: `JSONCodingError` with the place of what can't be encoded.
    public init(encoding value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable] = [:])
        throws(JSONCodingError)
    {
        do {
            self = try JSONBox(codingPath: [], userInfo: userInfo).json(of: value)
        } catch {
            throw JSONCodingError(error)
        }
    }
}

extension JSONObject {
    /// The JSON object of a Swift value; see `JSON.init(encoding:)`.
    ///
    /// - Throws: `JSONCodingError` when the value can't be encoded or doesn't encode as an object.
    package init(encoding value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable] = [:])
        throws(JSONCodingError)
    {
        let json = try JSON(encoding: value, userInfo: userInfo)
        guard case .object(let object) = json else {
            throw JSONCodingError(
                path: "", message: "expected an object, \(type(of: value)) encodes as \(json.typeName)")
        }
        self = object
    }
}
