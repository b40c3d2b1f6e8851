public import BkendWire

// An operand that JSON can't write (NaN, a date outside the years 0000 to 9999, an integer that would lose digits)
// stands in the condition as NaN, which `TableQuery` refuses by the field's name before anything is sent.
extension JSON {
    static func operand(_ value: some Encodable) -> JSON { (try? JSON(encoding: value)) ?? .double(.nan) }
}

extension Field where Value: Encodable {
    /// `$eq`: equal, or an array with an equal element. Null also matches a missing field.
    public static func == (field: Field, value: Value) -> Condition {
        Condition(field.fieldPath, .equals(.operand(value)))
    }

    /// `$ne`: the opposite of `==`, so that a missing field matches unless the value is nil.
    public static func != (field: Field, value: Value) -> Condition {
        Condition(field.fieldPath, .notEquals(.operand(value)))
    }

    /// `$in`: equal to any of these, with the meaning of `==`.
    ///
    /// ```swift
    /// for try await post in posts.where({ $0.views.isIn([0, 1, 2]) }).all() { seen.append(post.title) }
    /// ```
    public func isIn(_ values: [Value]) -> Condition { Condition(fieldPath, .isIn(values.map { .operand($0) })) }

    /// `$nin`: equal to none of these; a missing field matches unless nil is among them.
    public func isNotIn(_ values: [Value]) -> Condition { Condition(fieldPath, .isNotIn(values.map { .operand($0) })) }
}

extension Field {
    /// `$exists`: the record has the field. A null field exists.
    public var exists: Condition { exists(true) }

    /// `$exists`: the record has the field, or doesn't have it. A null field exists.
    public func exists(_ exists: Bool) -> Condition { Condition(fieldPath, .exists(exists)) }
}
