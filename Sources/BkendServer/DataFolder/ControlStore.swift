/// Projects, environments and keys of a data folder.
package final class ControlStore: Sendable {
    /// Where they are kept.
    let database: any ControlDatabase

    /// Those in a database.
    init(_ database: any ControlDatabase) { self.database = database }
}
