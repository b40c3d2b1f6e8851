import BkendWire

extension JSON {
    /// How deep a field's value may nest: with the record around it, it is then what any text may be (`JSONLimits`), so
    /// that whatever was stored can be read again.
    static let deepestField = JSONLimits().depth - 1

    /// Whether arrays and objects nest deeper than so many levels; `{}` is one level.
    func nests(deeperThan limit: Int) -> Bool {
        switch self {
        case .array(let values): limit < 1 || values.contains { $0.nests(deeperThan: limit - 1) }
        case .object(let object): limit < 1 || object.contains { $0.value.nests(deeperThan: limit - 1) }
        default: false
        }
    }
}
