import BkendWire

extension BkendWire.TableDefinition {
    /// Whether lists show the same records and fields by this definition as by another one: they differ in indexes at most.
    func showsTheSame(as other: BkendWire.TableDefinition) -> Bool {
        var copy = self
        (copy.indexes, copy.searchIndex, copy.clientKeys) = (other.indexes, other.searchIndex, other.clientKeys)
        return copy == other
    }
}
