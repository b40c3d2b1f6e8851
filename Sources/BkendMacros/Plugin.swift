#if Macros
import SwiftCompilerPlugin
import SwiftSyntaxMacros

/// Tells the compiler which macros this plugin expands.
@main
struct Plugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [TableMacro.self, TableObjectMacro.self, ColumnMacro.self]
}
#else
/// Without the trait `Macros` nothing of swift-syntax is built, and the plugin has nothing to expand.
@main
enum Plugin {
    static func main() {}
}
#endif
