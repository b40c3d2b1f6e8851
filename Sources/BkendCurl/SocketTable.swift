import CCurl

/// Which sockets libcurl waits for, and which of them the kernel's epoll set holds.
///
/// A connection at rest is not taken out of the set: the next request would put it back, two system calls for nothing.
/// If it becomes readable all the same (the server closed it), it is taken out then.
struct SocketTable {
    private struct Entry {
        /// What libcurl waits for; 0 for nothing.
        var wanted: UInt32 = 0
        /// What the epoll set holds; 0 for not in the set.
        var registered: UInt32 = 0
        /// A connection, whose end libcurl announces, and not a socket that vanishes (its resolver's).
        var isConnection = false
    }

    /// By descriptor: the kernel gives out the lowest that is free, so that the table stays small.
    private var entries: [Entry] = []

    private mutating func update<Result>(_ socket: Int32, _ body: (inout Entry) -> Result) -> Result {
        let index = Int(socket)
        if index >= entries.count {
            entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - entries.count))
        }
        return body(&entries[index])
    }

    mutating func want(_ socket: Int32, _ mask: UInt32, _ poller: Poller) {
        update(socket) { entry in
            entry.wanted = mask
            guard mask != entry.registered else { return }
            if mask == 0 {
                if entry.isConnection { return }
                poller.remove(socket)
                entry.registered = 0
            } else if entry.registered == 0 ? poller.add(socket, mask) : poller.change(socket, mask) {
                entry.registered = mask
            }
        }
    }

    /// Whether an event of the socket is for libcurl; if nothing is wanted the socket leaves the epoll set.
    mutating func isWanted(_ socket: Int32, _ poller: Poller) -> Bool {
        update(socket) { entry in
            if entry.wanted != 0 { return true }
            if entry.registered != 0 { poller.remove(socket) }
            entry.registered = 0
            return false
        }
    }

    mutating func opened(_ socket: Int32) {
        update(socket) { $0 = Entry(isConnection: true) }
    }

    /// The kernel takes a closed socket out of the set by itself.
    mutating func closed(_ socket: Int32) {
        update(socket) { $0 = Entry() }
    }
}
