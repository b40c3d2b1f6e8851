#if Macros
import SwiftSyntax
import SwiftSyntaxMacros

/// `@Table("articles")`: the model of a table's records.
package enum TableMacro: MemberMacro, ExtensionMacro {
    package static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        ModelMacro.members(of: declaration, kind: .table(node))
    }

    package static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        try ModelMacro.extensions(of: declaration, type, protocols, kind: .table(node), in: context)
    }
}
#endif
