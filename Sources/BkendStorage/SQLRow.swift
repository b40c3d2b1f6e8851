import Foundation

/// A row of a statement's result, valid until the closure that was handed it returns. Columns are read by position, from
/// 0: storages differ in the case of their names.
package protocol SQLRow {
    /// Whether a column is NULL.
    func isNull(_ column: Int) -> Bool
    /// A column's number; 0 for NULL.
    func int(_ column: Int) -> Int64
    /// A column's text; empty for NULL.
    func text(_ column: Int) -> String
    /// A column's bytes; none for NULL.
    func blob(_ column: Int) -> Data
}

extension SQLRow {
    /// A column's number, nil for NULL.
    package func optionalInt(_ column: Int) -> Int64? { isNull(column) ? nil : int(column) }
    /// A column's text, nil for NULL.
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    /// A column's bytes, nil for NULL.
    package func optionalBlob(_ column: Int) -> Data? { isNull(column) ? nil : blob(column) }
}
