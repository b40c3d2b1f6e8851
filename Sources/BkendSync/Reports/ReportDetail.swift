import BkendWire

/// What a report quotes of records. A record may be as deep as a text can be, and stands one level deeper in a detail.
enum ReportDetail {
    /// The name under which a detail says what it lacks.
    static let leftOut = "leftOut"

    /// The detail without the values that are nested too deep to be read again; it names them: `theirs/field`, or
    /// `mine`.
    static func fitting(_ detail: JSONObject) -> JSONObject {
        guard JSON.object(detail).nests(deeperThan: JSONLimits().depth) else { return detail }
        var (fitting, missing) = (JSONObject(), [JSON]())
        for (name, value) in detail {
            if !value.nests(deeperThan: JSON.deepestField) {
                fitting[name] = value
                continue
            }
            guard case .object(let fields) = value else {
                missing.append(.string(name))
                continue
            }
            let isDeep = { (value: JSON) in value.nests(deeperThan: JSON.deepestField - 1) }
            fitting[name] = .object(fields.filtered { !isDeep($1) })
            for (field, value) in fields where isDeep(value) { missing.append(.string("\(name)/\(field)")) }
        }
        fitting[leftOut] = .array(missing)
        return fitting
    }
}
