extension IndexDefinition {
    /// The index by which a server keeps the keys of creates unique. A record without one is left out; null is a value.
    package static let clientKey = IndexDefinition(
        name: "_clientKey_", fields: [Field(FieldName.clientKey)], unique: true, sparse: true)
}

extension TableDefinition {
    /// The index of client keys that the server adds to the table's own; nil where it doesn't, or needs none.
    package var clientKeyIndex: IndexDefinition? { clientKeys == true && wantsClientKeyIndex ? .clientKey : nil }

    /// Whether an index of client keys would be of use: records may hold the field, and no index or unique field of the
    /// table's own does the same.
    package var wantsClientKeyIndex: Bool {
        guard additionalProperties || schema[FieldName.clientKey] != nil else { return false }
        return !(uniqueFieldIndexes + indexes).contains { index in
            index.unique && index.fields.count == 1 && index.fields[0].path.hasSameBytes(as: FieldName.clientKey)
        }
    }
}
