#if Macros
import SwiftDiagnostics
public import SwiftSyntax
public import SwiftSyntaxMacros

/// `@Column("name")`: read by the macros around it; by itself it only checks where it stands.
open class ColumnMacro: PeerMacro {
    /// Nothing to add; says where the attribute is misplaced.
    public static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        let isField = declaration.as(VariableDeclSyntax.self).map { variable in
            variable.bindings.count == 1 && !variable.isStatic && variable.bindings.allSatisfy(\.isStored)
        }
        if isField != true {
            context.diagnose(ModelDiagnostic.misplacedColumn.at(node))
        }
        return []
    }
}
#endif
