import CCurl

/// Which sockets libcurl waits for, and which of them the kernel's epoll sets hold.
///
/// A connection at rest is not taken out of its set: the next request would put it back, two system calls for nothing.
/// If it becomes readable all the same (the server closed it), it is taken out then.
struct SocketTable {
    private enum Place: Equatable {
        case nowhere
        /// In the set on which the loop's thread sleeps.
        case far(UInt32)
        /// In the set on which a task waits for its own answer (`Attendance`), to become readable.
        case near
    }

    private struct Entry {
        /// What libcurl waits for; 0 for nothing.
        var wanted: UInt32 = 0
        var place = Place.nowhere
        /// A connection, whose end libcurl announces, and not a socket that vanishes (its resolver's).
        var isConnection = false
        /// An event of it was looked at since `takeWanted`.
        var isHandled = false
    }

    /// By descriptor: the kernel gives out the lowest that is free, so that the table stays small.
    private var entries: [Entry] = []
    /// Whether connections that only wait for an answer go to the near set.
    private var isNear = false
    /// The sockets that went there.
    private var nearSockets: [Int32] = []

    private mutating func update<Result>(_ socket: Int32, _ body: (inout Entry) -> Result) -> Result {
        let index = Int(socket)
        if index >= entries.count {
            entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - entries.count))
        }
        return body(&entries[index])
    }

    mutating func want(_ socket: Int32, _ mask: UInt32, _ poller: Poller) {
        poller.trace?(.wants(socket, mask != 0, nearby: mask == Poller.readable))
        let isNear = isNear && mask == Poller.readable
        let becameNear = update(socket) { entry in
            entry.wanted = mask
            if mask == 0, entry.isConnection { return false }
            return Self.move(socket, &entry, isNear: isNear && entry.isConnection, poller)
        }
        if becameNear { nearSockets.append(socket) }
    }

    /// Puts a socket where it has to be. Returns whether that is the near set.
    private static func move(_ socket: Int32, _ entry: inout Entry, isNear: Bool, _ poller: Poller) -> Bool {
        let goal: Place = entry.wanted == 0 ? .nowhere : isNear ? .near : .far(entry.wanted)
        guard goal != entry.place else { return isNear }
        if let trace = poller.trace {
            switch goal {
            case .nowhere: trace(.placed(socket, .nowhere))
            case .near: trace(.placed(socket, .near))
            case .far: trace(.placed(socket, .far))
            }
        }
        if case .far = entry.place, case .far(let mask) = goal {
            // Whatever the set holds, it shall hold this.
            entry.place = poller.change(socket, mask) || poller.add(socket, mask) ? goal : .nowhere
            return false
        }
        switch entry.place {
        case .far: poller.remove(socket)
        case .near: poller.removeNear(socket)
        case .nowhere: break
        }
        let isPlaced =
            switch goal {
            case .far(let mask): poller.add(socket, mask) || poller.change(socket, mask)
            case .near: poller.addNear(socket)
            case .nowhere: false
            }
        entry.place = isPlaced ? goal : .nowhere
        return isPlaced && isNear
    }

    /// Whether an event of the socket is for libcurl; if nothing is wanted the socket leaves its set.
    mutating func isWanted(_ socket: Int32, _ poller: Poller) -> Bool {
        update(socket) { entry in
            entry.isHandled = true
            if entry.wanted != 0 { return true }
            _ = Self.move(socket, &entry, isNear: false, poller)
            return false
        }
    }

    mutating func opened(_ socket: Int32) {
        update(socket) { $0 = Entry(isConnection: true) }
    }

    /// A socket is about to be closed. It is taken out of its set before, by hand: the kernel does that only when no
    /// process has the socket any longer, and a child process that was started meanwhile has it too. What stayed behind
    /// would speak of the number, which soon belongs to another connection.
    mutating func closed(_ socket: Int32, _ poller: Poller) {
        poller.trace?(.closed(socket))
        update(socket) { entry in
            switch entry.place {
            case .far: poller.remove(socket)
            case .near: poller.removeNear(socket)
            case .nowhere: break
            }
            entry = Entry()
        }
    }

    // MARK: Looking after

    /// The sockets that libcurl waits for, what for, and whether an event of theirs was looked at since the last time.
    mutating func takeWanted() -> [(socket: Int32, mask: UInt32, isHandled: Bool)] {
        entries.indices.compactMap { index in
            let entry = entries[index]
            entries[index].isHandled = false
            return entry.wanted == 0 ? nil : (Int32(index), entry.wanted, entry.isHandled)
        }
    }

    /// Puts a wanted socket into the far set again, whatever the table believes of it.
    mutating func placeAgain(_ socket: Int32, _ poller: Poller) {
        update(socket) { entry in
            poller.remove(socket)
            poller.removeNear(socket)
            entry.place = .nowhere
            _ = Self.move(socket, &entry, isNear: false, poller)
        }
    }

    // MARK: Attendance

    /// From here on connections that wait for an answer go to the near set.
    mutating func beginAttendance() {
        isNear = true
        nearSockets.removeAll(keepingCapacity: true)
    }

    /// Whether something in the near set is waited for.
    var hasAttended: Bool { !nearSockets.isEmpty }

    /// What is still waited for goes to the far set.
    mutating func endAttendance(_ poller: Poller) {
        isNear = false
        for socket in nearSockets {
            update(socket) { entry in
                if entry.wanted != 0 { _ = Self.move(socket, &entry, isNear: false, poller) }
            }
        }
    }
}
