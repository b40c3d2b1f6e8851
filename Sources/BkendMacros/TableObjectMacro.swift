#if Macros
import SwiftSyntax
import SwiftSyntaxMacros

/// `@TableObject`: an object nested in a record.
package enum TableObjectMacro: MemberMacro, ExtensionMacro {
    package static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        ModelMacro.members(of: declaration, kind: .object(node))
    }

    package static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        try ModelMacro.extensions(of: declaration, type, protocols, kind: .object(node), in: context)
    }
}
#endif
