#if Macros
import SwiftDiagnostics
import SwiftSyntax

/// A mistake in a model's declaration, said so that its author knows what to write instead.
struct ModelDiagnostic: DiagnosticMessage {
    let message: String
    let diagnosticID: MessageID
    let severity = DiagnosticSeverity.error

    init(_ id: String, _ message: String) {
        self.message = message
        diagnosticID = MessageID(domain: "Bkend", id: id)
    }

    /// The mistake at a place in the source.
    func at(_ node: some SyntaxProtocol, fixIts: [FixIt] = []) -> Diagnostic {
        Diagnostic(node: node, message: self, fixIts: fixIts)
    }
}

/// What a fix-it does.
struct ModelFix: FixItMessage {
    let message: String
    let fixItID: MessageID

    init(_ id: String, _ message: String) {
        self.message = message
        fixItID = MessageID(domain: "Bkend", id: id)
    }
}

extension ModelDiagnostic {
    static let generic = ModelDiagnostic(
        "generic", "a model can't be generic: its fields need one JSON form; declare a struct for each use")
    static let conditional = ModelDiagnostic(
        "conditional", "a stored property under #if can't be a field: declare it always, or make it computed")
    static let nameIsNoLiteral = ModelDiagnostic("nameIsNoLiteral", "the name must be a plain string literal")
    static let tuple = ModelDiagnostic("tuple", "a field needs a declaration of its own, not a tuple's")
    static let misplacedColumn = ModelDiagnostic(
        "misplacedColumn", "@Column belongs to one stored property of a @Table or @TableObject struct")
    static let fieldPrefix = ModelDiagnostic(
        "fieldPrefix",
        "the name fieldPrefix is taken by Fields: rename the property and give it @Column(\"fieldPrefix\")")

    static func notCodable(_ name: String, _ kind: String) -> ModelDiagnostic {
        ModelDiagnostic(
            "notCodable",
            "\(name) can't be a field: \(kind) has no JSON form; give it a Codable type, make it computed, or leave it out "
                + "of CodingKeys of your own")
    }

    static func tableName(_ name: String, _ flaw: String) -> ModelDiagnostic {
        ModelDiagnostic("tableName", "\"\(name)\" can't be a table's name: \(flaw)")
    }

    static func fieldName(_ name: String, _ flaw: String) -> ModelDiagnostic {
        ModelDiagnostic("fieldName", "\"\(name)\" can't be a field's name: \(flaw)")
    }

    static func sameField(_ field: String, _ first: String, _ second: String) -> ModelDiagnostic {
        ModelDiagnostic("sameField", "\(first) and \(second) are both the field \"\(field)\"")
    }

    static func noFields(_ name: String) -> ModelDiagnostic {
        ModelDiagnostic("noFields", "\(name) has no stored properties, so its records would have no fields")
    }

    static func columnBesideCodingKeys(_ name: String) -> ModelDiagnostic {
        ModelDiagnostic(
            "columnBesideCodingKeys", "\(name) has a @Column beside these CodingKeys: give the name in one place")
    }

    static func leftOutWithoutDefault(_ name: String) -> ModelDiagnostic {
        ModelDiagnostic("leftOutWithoutDefault", "\(name) is not among these CodingKeys, so it needs a default value")
    }
}
#endif
