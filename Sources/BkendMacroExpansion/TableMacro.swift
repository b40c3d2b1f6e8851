#if Macros
public import SwiftSyntax
public import SwiftSyntaxMacros

/// `@Table("articles")`: the model of a table's records.
open class TableMacro: MemberMacro, ExtensionMacro {
    /// The members that stand in the struct.
    public static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        ModelMacro.members(of: declaration, kind: .table(node), in: context)
    }

    /// The conformance.
    public static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        try ModelMacro.extensions(of: declaration, type, protocols, kind: .table(node), in: context)
    }
}
#endif
