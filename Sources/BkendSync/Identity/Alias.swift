import BkendWire

/// A row of the id table: a local id, and what became of it.
package struct Alias: Hashable, Sendable {
    /// What became of the create that a local id stands for.
    package enum State: String, Hashable, Sendable {
        /// The server's id isn't known yet.
        case pending
        /// The server has the record.
        case completed
        /// The record was discarded before the server was known to have it.
        case cancelled
    }

    /// The local id.
    package var localID: String
    /// The table.
    package var table: String
    /// The server's id, once known.
    package var serverID: String?
    /// The user who made the record.
    package var user: String
    /// The key that the create carries.
    package var clientKey: String?
    /// What became of it.
    package var state: State
    /// The user's id before the store was taken over from a guest, nil without that.
    package var formerUser: String?
    /// For an id of a file, the first of its three: the one that stands for the file's id. Nil for a record's.
    package var file: String?

    package static func == (a: Alias, b: Alias) -> Bool {
        RecordKey(a.table, a.localID) == RecordKey(b.table, b.localID) && a.state == b.state
            && a.serverID.map(ExactString.init) == b.serverID.map(ExactString.init)
    }

    package func hash(into hasher: inout Hasher) { localID.hashBytes(into: &hasher) }
}

extension Alias {
    /// Whether a row of that user's may be its create's.
    func isMadeBy(_ createdBy: String) -> Bool {
        [user, formerUser].contains { $0?.hasSameBytes(as: createdBy) == true }
    }

    /// Whether it stands for a record that was deleted elsewhere and is made again: the row that bears its key is that
    /// record, whoever made it.
    var isMadeAgain: Bool {
        guard let clientKey else { return false }
        return clientKey.hasSameBytes(as: Self.recreatedKey(of: localID))
    }

    /// The key of a create that makes a record of that id again.
    static func recreatedKey(of id: String) -> String { "re-" + id }
}

/// Ids for records that the server doesn't know yet: `~`, 12 hex digits of a counter, 20 random ones.
///
/// `~` sorts after every hex digit, so new records are the newest in the default order; 80 random bits keep devices
/// apart. Nothing recognises one by its looks: a local id is what stands in the id table.
enum LocalID {
    static func make(number: Int64, random: () -> UInt64) -> String {
        "~" + hex(UInt64(bitPattern: number), 12) + hex(random(), 16) + hex(random(), 4)
    }

    /// Whether a text has the form of a local id.
    static func isOne(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.count == 33 && bytes.first == UInt8(ascii: "~")
            && bytes.dropFirst().allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func hex(_ value: UInt64, _ width: Int) -> String {
        String(unsafeUninitializedCapacity: width) { out in
            let digits: StaticString = "0123456789abcdef"
            for index in 0..<width {
                out[index] = digits.utf8Start[Int(value >> UInt64(4 * (width - 1 - index)) & 15)]
            }
            return width
        }
    }
}
