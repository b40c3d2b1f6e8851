import Bkend

extension ShoppingList {
    /// Sets the list's items, and what is counted of them.
    mutating func setItems(_ items: [Item]) {
        self.items = items
        totalItems = items.count
        checkedItems = items.count { $0.checked }
    }

    /// Makes one list of two: what either device has added or ticked stays.
    ///
    /// An array is one field, and so a list that was changed on two devices is a conflict. This function decides it. It
    /// must be pure: it may run again.
    static func merging(_ before: JSONObject, _ mine: JSONObject, _ theirs: JSONObject) -> JSONObject {
        guard let here = list(mine), var merged = list(theirs) else { return theirs }
        let known = Set((list(before)?.items ?? []).map(\.name))
        var items = merged.items
        for item in here.items {
            if let index = items.firstIndex(where: { $0.name == item.name }) {
                items[index].checked = items[index].checked || item.checked
            } else if !known.contains(item.name) {
                items.append(item)
            }
        }
        merged.setItems(items)
        guard let fields = (try? JSON(encoding: merged))?.objectValue else { return theirs }
        // What this version of the app doesn't know stays as it is.
        return fields.reduce(into: theirs) { record, field in record[field.key] = field.value }
    }

    private static func list(_ object: JSONObject) -> ShoppingList? { try? JSON.object(object).decode() }
}
