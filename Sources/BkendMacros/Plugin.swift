#if Macros
import BkendMacroExpansion
import SwiftCompilerPlugin
import SwiftSyntaxMacros

// The compiler finds a macro by the name of the plugin's own module. The macros themselves stand in a library: a test
// that depended on a plugin would have every target of the package built a second time, for the build machine.

final class TableMacro: BkendMacroExpansion.TableMacro {}
final class TableObjectMacro: BkendMacroExpansion.TableObjectMacro {}
final class ColumnMacro: BkendMacroExpansion.ColumnMacro {}

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
