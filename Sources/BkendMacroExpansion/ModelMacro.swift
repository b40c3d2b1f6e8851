#if Macros
import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// What `@Table` and `@TableObject` share.
enum ModelMacro {
    /// Which of the two macros is expanded, with its attribute.
    enum Kind {
        case table(AttributeSyntax)
        case object(AttributeSyntax)

        var attribute: AttributeSyntax {
            switch self {
            case .table(let node), .object(let node): node
            }
        }

        var isTable: Bool { if case .table = self { true } else { false } }
    }

    /// What the conformance needs.
    ///
    /// Mistakes are not reported here: the extension's expansion reads the same declaration and does.
    static func members(
        of declaration: some DeclGroupSyntax, kind: Kind, in context: some MacroExpansionContext
    ) -> [DeclSyntax] {
        var reader = ModelReader(kind: kind)
        guard var model = reader.model(declaration) else { return [] }
        for index in model.properties.indices {
            guard let type = model.properties[index].typeToCheck, case .unknown = FieldType(type),
                let place = context.location(of: type, at: .afterLeadingTrivia, filePathMode: .filePath)
            else { continue }
            model.properties[index].place = "#sourceLocation(file: \(place.file), line: \(place.line))"
        }
        return model.memberDeclarations
    }

    static func extensions(
        of declaration: some DeclGroupSyntax, _ type: some TypeSyntaxProtocol, _ protocols: [TypeSyntax], kind: Kind,
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        var reader = ModelReader(kind: kind)
        let model = reader.model(declaration)
        for diagnostic in reader.diagnostics { context.diagnose(diagnostic) }
        guard let model else { return [] }
        return try model.extensionDeclaration(of: type, isConforming: protocols.isEmpty).map { [$0] } ?? []
    }
}
#endif
