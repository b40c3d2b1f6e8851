import BkendAccounts

/// The line before a writer: next is a write of whoever has changed least. So a client that asks once in a while waits for
/// the write under way and not for all those of clients that write megabytes, however many these are.
///
/// This is start-time fair queueing (Goyal, Vin and Cheng, 1996, https://doi.org/10.1109/90.649569) with bytes in place of
/// time, and with newcomers one small write behind: they may come without end, and each who waits is served between them.
///
/// A state machine without effects.
struct WriteLine<Write> {
    /// What the smallest write counts for: a page of the database.
    static var least: Int { 4_096 }
    /// How many clients are remembered that have no write in the line.
    private static var capacity: Int { 1_024 }

    private var waiting: [(share: QueueShare, write: Write)] = []
    /// How much each client has changed: bytes, from where the line stood when it came.
    private var changed: [QueueShare: Int] = [:]
    /// Where the line stands: how much the client had changed whose write began last.
    private(set) var position = 0

    /// How many writes wait.
    var count: Int { waiting.count }

    var isEmpty: Bool { waiting.isEmpty }

    /// A write comes.
    mutating func arrive(_ write: Write, of share: QueueShare) {
        // A client that waits already keeps its place, however many of its writes come after.
        if !waiting.contains(where: { $0.share == share }) {
            changed[share] = max(changed[share] ?? 0, position + Self.least)
        }
        waiting.append((share, write))
    }

    /// Takes the next write out of the line. Of one client's the first one is next.
    ///
    /// - Parameter most: where the line may stand then; nil for anywhere. A client that has changed more waits.
    mutating func next(upTo most: Int? = nil) -> Write? {
        let amounts = waiting.map { changed[$0.share] ?? 0 }
        guard let place = amounts.indices.min(by: { amounts[$0] < amounts[$1] }) else { return nil }
        if let most, amounts[place] > most { return nil }
        position = amounts[place]
        return waiting.remove(at: place).write
    }

    /// Counts what a client has changed.
    mutating func count(_ bytes: Int, for share: QueueShare) {
        changed[share, default: position] += max(bytes, Self.least)
        guard changed.count > Self.capacity + waiting.count else { return }
        let present = Set(waiting.map(\.share))
        // Who has changed no more than a newcomer is one.
        changed = changed.filter { $0.value > position + Self.least || present.contains($0.key) }
        if changed.count > Self.capacity + waiting.count { changed = changed.filter { present.contains($0.key) } }
    }

    /// Takes a write out of the line that isn't to be made any more; false when it isn't in it.
    mutating func remove(where isMeant: (Write) -> Bool) -> Bool {
        guard let place = waiting.firstIndex(where: { isMeant($0.write) }) else { return false }
        waiting.remove(at: place)
        return true
    }
}
