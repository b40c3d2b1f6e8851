extension JSON {
    /// Whether JSON can write it: no NaN and no infinity is in it.
    package var isFinite: Bool {
        switch self {
        case .double(let value): value.isFinite
        case .array(let values): values.allSatisfy(\.isFinite)
        case .object(let object): object.allSatisfy { $0.value.isFinite }
        case .null, .bool, .int, .string: true
        }
    }
}
