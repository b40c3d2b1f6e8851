/// Events in the order of their moments; of one moment in the order they were added. A binary heap.
struct EventQueue<Event> {
    private struct Item {
        let at: Int64
        let number: Int
        let event: Event

        func precedes(_ other: Item) -> Bool { at != other.at ? at < other.at : number < other.number }
    }

    private var items: [Item] = []
    private var count = 0

    var isEmpty: Bool { items.isEmpty }

    /// The moment of the next event.
    var next: Int64? { items.first?.at }

    mutating func add(_ event: Event, at moment: Int64) {
        items.append(Item(at: moment, number: count, event: event))
        count += 1
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].precedes(items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func take() -> (at: Int64, event: Event)? {
        guard let first = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            sink()
        }
        return (first.at, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].precedes(items[least]) { least = child }
            }
            if least == parent { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
