package import BkendWire

extension BkendClient {
    /// A table's definition as the server has it (rest-api.md §11).
    ///
    /// - Throws: `BkendError`
    package func spec(of table: String, options: CallOptions = .default) async throws(BkendError) -> TableDefinition {
        let call = Call(.get, ["data", table, "spec"], options: options)
        let answer = try await runner.run(call)
        do throws(TableDefinitionError) { return try TableDefinition(answer.json) } catch {
            throw answer.mismatch(call, JSONCodingError(path: "", message: error.description))
        }
    }
}
