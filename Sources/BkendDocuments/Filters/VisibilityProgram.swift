import BkendWire

/// Which fields a document hides, made ready.
struct VisibilityProgram {
    private struct Conditional {
        let name: [UInt8]
        let slot: Int
        let shownWhere: FilterProgram
    }

    /// Top-level fields that no document shows.
    let hidden: [[UInt8]]
    private let hiddenSlots: [Int]
    private let conditional: [Conditional]

    init(_ visibility: FieldVisibility, fields: DocumentFields) throws {
        hidden = visibility.hidden.map { Array($0.utf8) }
        hiddenSlots = hidden.map { fields.slot($0) }
        conditional = try visibility.conditional.map {
            let name = Array($0.field.utf8)
            return Conditional(
                name: name, slot: fields.slot(name), shownWhere: try FilterProgram($0.shownWhere, fields: fields))
        }
    }

    /// Hides fields in the document that `fields` has loaded; the names of those that not every document hides.
    func apply(_ text: StoredText, _ fields: DocumentFields, _ workspace: TestWorkspace) throws -> [[UInt8]] {
        var invisible: [[UInt8]] = []
        if !conditional.isEmpty {
            var slots: [Int] = []
            for field in conditional where try !field.shownWhere.matches(text, fields, workspace) {
                invisible.append(field.name)
                slots.append(field.slot)
            }
            // Only now, so that each condition saw the whole document.
            for slot in slots { fields.hide(slot) }
        }
        for slot in hiddenSlots { fields.hide(slot) }
        return invisible
    }
}
