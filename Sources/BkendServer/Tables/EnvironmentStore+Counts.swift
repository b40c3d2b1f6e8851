extension EnvironmentStore {
    /// How many tables there are; nil when the storage doesn't answer.
    var tableCount: Int? { try? engine.readNow { try $0.tableCount } }

    /// How many of them `serve --dynamic` has made; nil when the storage doesn't answer.
    var dynamicTableCount: Int? { try? engine.readNow { try DynamicTable.count(in: $0) } }
}
