#if Macros
public import SwiftSyntax
public import SwiftSyntaxMacros

/// `@TableObject`: an object nested in a record.
open class TableObjectMacro: MemberMacro, ExtensionMacro {
    /// The members that stand in the struct.
    public static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        ModelMacro.members(of: declaration, kind: .object(node), in: context)
    }

    /// The conformance.
    public static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        try ModelMacro.extensions(of: declaration, type, protocols, kind: .object(node), in: context)
    }
}
#endif
