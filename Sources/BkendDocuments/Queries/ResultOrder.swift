import BkendWire

/// A query's order, brought to its least form: fields, then the id.
struct ResultOrder {
    let fields: [Query.Sort]
    /// Whether documents that the fields don't tell apart come with the greatest id first.
    let isIDDescending: Bool

    /// Ties break by id in the direction of the last field (rest-api.md §4). Nothing after `id` matters, nor a field
    /// named again.
    init(_ sort: [Query.Sort]) {
        var fields: [Query.Sort] = []
        var isIDDescending = sort.last.map { $0.direction == .descending } ?? true
        for entry in sort {
            if entry.field.hasSameBytes(as: "id") {
                isIDDescending = entry.direction == .descending
                break
            }
            if !fields.contains(where: { $0.field.hasSameBytes(as: entry.field) }) { fields.append(entry) }
        }
        self.fields = fields
        self.isIDDescending = isIDDescending
    }
}
