import Glibc

/// Whether the defence of this name is off: `BKEND_MUTANT` names it. `Scripts/mutants` puts this file into each target of
/// its copy; nothing of it is in the product.
func mutant(_ name: StaticString) -> Bool {
    guard let chosen = getenv("BKEND_MUTANT") else { return false }
    return strcmp(chosen, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}
