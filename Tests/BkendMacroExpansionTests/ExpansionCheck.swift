#if Macros
import BkendMacroExpansion
import SwiftSyntaxBuilder
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacrosGenericTestSupport
import Testing

private let macros: [String: MacroSpec] = [
    "Table": MacroSpec(type: TableMacro.self, conformances: ["Table"]),
    "TableObject": MacroSpec(type: TableObjectMacro.self, conformances: ["TableObject"]),
    "Column": MacroSpec(type: ColumnMacro.self),
]

/// Expands the macros in a source and compares; differences are recorded where the check stands.
func expectExpansion(
    of source: String, _ expanded: String, diagnostics: [DiagnosticSpec] = [], applying fixIts: [String]? = nil,
    fixed: String? = nil, at location: SourceLocation = #_sourceLocation
) {
    assertMacroExpansion(
        source, expandedSource: expanded, diagnostics: diagnostics, macroSpecs: macros, applyFixIts: fixIts,
        fixedSource: fixed,
        failureHandler: { failure in Issue.record(Comment(rawValue: failure.message), sourceLocation: location) })
}
#endif
