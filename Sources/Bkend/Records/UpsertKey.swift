import BkendWire

/// The fields by which `upsert` finds a record, with the values that a model has there.
enum UpsertKey {
    /// The filter for records with the same values; nil if the model has no value that can be looked for.
    static func filter(of body: JSONObject, _ fields: [String]) -> Filter? {
        var conditions: [Filter] = []
        for field in fields {
            switch body[field] {
            case nil, .null, .array, .object: return nil
            case let value?: conditions.append(.condition(Condition(field, .equals(value))))
            }
        }
        return conditions.count == 1 ? conditions[0] : .allOf(conditions)
    }

    /// Why a model can't be stored by these fields.
    static func flaw(_ fields: [String]) -> String {
        "upsert needs a text, number or boolean in each of the model's fields \(fields.joined(separator: ", ")); use create"
            + " or update"
    }
}
