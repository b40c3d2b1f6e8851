#if Macros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@Suite("Mistakes that @Table names")
struct TableDiagnosticTests {
    /// The source without the macro's attribute is what a refused expansion leaves.
    private func expectRefusal(
        _ body: String, attribute: String = "@Table(\"articles\")", _ diagnostics: DiagnosticSpec...,
        applying fixIts: [String]? = nil, fixed: String? = nil, at location: SourceLocation = #_sourceLocation
    ) {
        expectExpansion(
            of: attribute + "\n" + body, body, diagnostics: diagnostics, applying: fixIts,
            fixed: fixed.map { attribute + "\n" + $0 }, at: location)
    }

    @Test("a class is no model, and the fix makes it a struct")
    func classDeclaration() {
        expectRefusal(
            "class A {\n    var a = 1\n}",
            DiagnosticSpec(
                message: "@Table needs a struct: a model is a value that can be copied, compared and sent", line: 2,
                column: 1, fixIts: [FixItSpec(message: "make it a struct")]),
            applying: ["make it a struct"], fixed: "struct A {\n    var a = 1\n}")
        expectRefusal(
            "enum A {\n    case a\n}",
            DiagnosticSpec(
                message: "@Table needs a struct: a model is a value that can be copied, compared and sent", line: 2,
                column: 1))
    }

    @Test(
        "a type without a JSON form is told at the property",
        arguments: [
            ("() -> Void", "a closure"), ("@Sendable (Int) -> Void", "a closure"), ("(Int, String)", "a tuple"),
            ("Any", "an existential"), ("any Codable", "an existential"), ("[String: [AnyObject]]?", "an existential"),
            ("Array<Int.Type>", "a type"),
        ])
    func notCodable(type: String, kind: String) {
        expectRefusal(
            "struct A {\n    var a = 1\n    var b: \(type)\n}",
            DiagnosticSpec(
                message:
                    "b can't be a field: \(kind) has no JSON form; give it a Codable type, make it computed, or leave it "
                    + "out of CodingKeys of your own", line: 4, column: 12))
    }

    @Test("a generic struct has no one JSON form")
    func generic() {
        expectRefusal(
            "struct A<T> {\n    var a = 1\n}",
            DiagnosticSpec(
                message: "a model can't be generic: its fields need one JSON form; declare a struct for each use",
                line: 2, column: 9))
    }

    @Test(
        "a table's name follows the server's rules",
        arguments: [
            ("", "it is empty"), ("users", "it is reserved"),
            ("1st", "it must be a letter, then letters, digits, _ and -"),
            ("a/b", "it must be a letter, then letters, digits, _ and -"),
            (String(repeating: "a", count: 65), "it has more than 64 characters"),
        ])
    func tableName(name: String, flaw: String) {
        expectRefusal(
            "struct A {\n    var a = 1\n}", attribute: "@Table(\"\(name)\")",
            DiagnosticSpec(message: "\"\(name)\" can't be a table's name: \(flaw)", line: 1, column: 8))
    }

    @Test("a table's name is a literal")
    func computedName() {
        expectRefusal(
            "struct A {\n    var a = 1\n}", attribute: "@Table(name)",
            DiagnosticSpec(message: "the name must be a plain string literal", line: 1, column: 8))
    }

    @Test("a type that can't be seen is asked for, with a place to write it")
    func missingType() {
        expectRefusal(
            "struct A {\n    var a = makeA()\n}",
            DiagnosticSpec(
                message: "the type of a can't be seen in its default value: write it, var a: <type>", line: 3,
                column: 9, fixIts: [FixItSpec(message: "add the type")]),
            applying: ["add the type"], fixed: "struct A {\n    var a: <#Type#> = makeA()\n}")
        expectRefusal(
            "struct A {\n    var a = []\n}",
            DiagnosticSpec(
                message: "the type of a can't be seen in its default value: write it, var a: <type>", line: 3,
                column: 9, fixIts: [FixItSpec(message: "add the type")]))
    }

    @Test("system fields belong to the server", arguments: ["id", "createdBy", "createdAt", "updatedAt"])
    func systemField(name: String) {
        expectRefusal(
            "struct A {\n    var a = 1\n    var \(name): String\n}",
            DiagnosticSpec(
                message: "\(name) is set by the server alone: every Record has it, so the model doesn't declare it",
                line: 4, column: 5, fixIts: [FixItSpec(message: "remove \(name)")]),
            applying: ["remove \(name)"], fixed: "struct A {\n    var a = 1\n}")
    }

    @Test("a wrapped or lazy property keeps its value elsewhere")
    func wrapped() {
        expectRefusal(
            "struct A {\n    @Clamped var a: Int\n}",
            DiagnosticSpec(
                message: "a can't be a field: @Clamped keeps its value in a storage of its own", line: 3, column: 5,
                fixIts: [FixItSpec(message: "remove @Clamped")]),
            applying: ["remove @Clamped"], fixed: "struct A {\n    var a: Int\n}")
        expectRefusal(
            "struct A {\n    lazy var a: Int = 1\n}",
            DiagnosticSpec(
                message: "a can't be a field: a lazy property has no value until it is read", line: 3, column: 5,
                fixIts: [FixItSpec(message: "remove lazy")]),
            applying: ["remove lazy"], fixed: "struct A {\n    var a: Int = 1\n}")
    }

    @Test("tuples, conditional properties and empty structs have no fields to give")
    func others() {
        expectRefusal(
            "struct A {\n    var (a, b) = (1, 2)\n}",
            DiagnosticSpec(message: "a field needs a declaration of its own, not a tuple's", line: 3, column: 9))
        expectRefusal(
            "struct A {\n    #if DEBUG\n    var a = 1\n    #endif\n}",
            DiagnosticSpec(
                message: "a stored property under #if can't be a field: declare it always, or make it computed",
                line: 3, column: 5))
        expectRefusal(
            "struct A {\n    var a: Int { 1 }\n}",
            DiagnosticSpec(
                message: "A has no stored properties, so its records would have no fields", line: 2, column: 8))
    }

    @Test("names of fields: dotted, doubled, or beside coding keys")
    func fieldNames() {
        expectExpansion(
            of:
                "@TableObject\nstruct A {\n    @Column(\"a.b\") var a: Int\n    @Column(\"c\") var b: Int\n    var c: Int\n}",
            "struct A {\n    var a: Int\n    var b: Int\n    var c: Int\n}",
            diagnostics: [
                DiagnosticSpec(
                    message: "\"a.b\" can't be a field's name: it has a dot, which leads into a nested object", line: 3,
                    column: 5),
                DiagnosticSpec(message: "b and c are both the field \"c\"", line: 5, column: 5),
            ])
        expectRefusal(
            "struct A {\n    var a: Int\n    var b: Int\n    enum CodingKeys: String, CodingKey {\n        case a\n    }\n}",
            DiagnosticSpec(
                message: "b is not among these CodingKeys, so it needs a default value", line: 5, column: 10))
    }

    @Test("@Column belongs to a stored property")
    func misplacedColumn() {
        expectExpansion(
            of: "struct A {\n    @Column(\"x\") var a: Int { 1 }\n}", "struct A {\n    var a: Int { 1 }\n}",
            diagnostics: [
                DiagnosticSpec(
                    message: "@Column belongs to one stored property of a @Table or @TableObject struct", line: 2,
                    column: 5)
            ])
    }
}
#endif
