/// What is remembered of each of many things, by key. Of a thing that was never noted, or was forgotten, the empty memory
/// is read; an empty memory takes no room.
struct Memories<Key: Hashable & Sendable, Memory: Memorable>: Sendable {
    private var kept: [Key: Memory] = [:]

    subscript(key: Key) -> Memory {
        get { kept[key] ?? Memory() }
        set { kept[key] = newValue == Memory() ? nil : newValue }
    }

    /// What is remembered, in no order.
    var all: Dictionary<Key, Memory>.Values { kept.values }

    /// What is remembered, with its keys, in no order.
    var byKey: [Key: Memory] { kept }

    /// Forgets all of one thing.
    mutating func forget(_ key: Key) { kept[key] = nil }

    /// Changes whatever is remembered; the same change for each, so that no order matters.
    mutating func changeAll(_ change: (inout Memory) -> Void) {
        var isAnyEmpty = false
        for index in kept.indices {
            change(&kept.values[index])
            if kept.values[index] == Memory() { isAnyEmpty = true }
        }
        if isAnyEmpty { kept = kept.filter { $0.value != Memory() } }
    }
}

/// A memory that can be empty.
protocol Memorable: Hashable, Sendable {
    /// Nothing is remembered.
    init()
}

/// Something that failed and waits for its next attempt.
struct RetryWait: Sendable, Hashable {
    /// Failures in a row.
    var attempts = 0
    /// When it is tried again.
    var until: SyncInstant
}
