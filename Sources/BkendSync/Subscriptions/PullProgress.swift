import BkendWire

/// How far a subscription has come; kept in the store, moved only in the transaction that applies rows.
package struct PullProgress: Sendable, Hashable {
    /// The largest `updatedAt` seen, the server's own string.
    package var cursor: String?
    /// The server's time when the last complete round began.
    package var drainedAt: Timestamp?
    /// Whether every row was read once.
    package var isFilled = false
    /// The server's time at the last full comparison.
    package var comparedAt: Timestamp?
    /// Why the server refuses the list; the rows stay.
    package var refusal: Refusal?
    /// How many rows are held back because most would go; the app decides.
    package var heldRemovals: Int?
    /// Whether the app has said that they may go.
    package var mayRemoveMost = false
    /// Whether the table may hold records from before its first subscription that nothing holds.
    package var hasLeftovers = false

    /// Why the server refuses a list.
    package enum Refusal: Sendable, Hashable {
        /// This user may not read it.
        case denied
        /// The query is refused: the server's code, or words of ours.
        case query(String)
    }

    /// Nothing yet.
    package init() {}

    /// Reads what the store kept.
    package init(_ json: JSONObject) {
        cursor = json["cursor"]?.stringValue
        drainedAt = json["drainedAt"]?.stringValue.flatMap { Timestamp($0) }
        isFilled = json["filled"]?.boolValue ?? false
        comparedAt = json["comparedAt"]?.stringValue.flatMap { Timestamp($0) }
        if json["denied"]?.boolValue ?? false { refusal = .denied }
        if let reason = json["refusal"]?.stringValue { refusal = .query(reason) }
        heldRemovals = json["heldRemovals"]?.intValue.flatMap { Int(exactly: $0) }
        mayRemoveMost = json["mayRemoveMost"]?.boolValue ?? false
        hasLeftovers = json["leftovers"]?.boolValue ?? false
    }

    private var boundingTime: Timestamp? {
        guard let reached = cursor.flatMap({ Timestamp($0) }) else { return nil }
        return drainedAt.map { min(reached, $0) }
    }

    /// As the store keeps it.
    package var json: JSONObject {
        var json = JSONObject()
        json["cursor"] = cursor.map(JSON.string)
        // Only the smaller of the two bounds a round: what moves the server's time alone is no write.
        json["drainedAt"] = boundingTime.map { .string($0.description) }
        json["filled"] = isFilled ? .bool(true) : JSON?.none
        json["comparedAt"] = comparedAt.map { .string($0.description) }
        switch refusal {
        case .denied: json["denied"] = .bool(true)
        case .query(let reason): json["refusal"] = .string(reason)
        case nil: break
        }
        json["heldRemovals"] = heldRemovals.map { .int(Int64($0)) }
        json["mayRemoveMost"] = mayRemoveMost ? .bool(true) : JSON?.none
        json["leftovers"] = hasLeftovers ? .bool(true) : JSON?.none
        return json
    }
}
