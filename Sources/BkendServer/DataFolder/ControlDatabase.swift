import BkendStorage

/// Where projects, environments and keys of a folder are kept.
package protocol ControlDatabase: Sendable {
    /// Reads over one snapshot.
    func read<Result: Sendable>(_ body: @Sendable (any SQLSession) throws -> Result) async throws -> Result

    /// A number that is another one when anyone, in any process, has committed since; nil when it can't be told, which
    /// must count as a change.
    func changeStamp() async -> Int64?

    /// `read` for commands, which have nothing else to do meanwhile.
    func readNow<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result

    /// Writes in one transaction that no other write of control data runs beside; for commands. The body runs once.
    func writeNow<Result>(_ body: (any SQLTransaction) throws -> Result) throws -> Result

    /// Closes it; nothing may be read or written any more.
    func close() throws
}
