/// Reads a sequence of events as it arrives, in whatever pieces (HTML Living Standard, 9.2.6 "Interpreting an event
/// stream"): lines end with LF, CR or both; a line with a colon first is a comment; an empty line ends an event. Of the
/// fields, `event` and `data` count.
struct EventParser {
    /// An event of a server.
    struct Event: Hashable {
        /// `message` where the server gives none.
        var name: String
        var data: [UInt8]
    }

    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8]?
    private var endedByCR = false

    /// The bytes that are kept of an event that isn't complete.
    var bytes: Int { line.count + (data?.count ?? 0) }

    /// The events that some more bytes complete.
    mutating func events(in bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var start = bytes.startIndex
        for (index, byte) in bytes.enumerated() where byte == 0x0A || byte == 0x0D {
            defer { start = index + 1 }
            let isSecondHalf = byte == 0x0A && endedByCR && index == start && line.isEmpty
            endedByCR = byte == 0x0D
            if isSecondHalf { continue }
            line += bytes[start..<index]
            if let event = endLine() { events.append(event) }
        }
        if start < bytes.endIndex { endedByCR = false }
        line += bytes[start...]
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { (name, data) = ("", nil) }
            return data.map { Event(name: name.isEmpty ? "message" : name, data: $0) }
        }
        let colon = line.firstIndex(of: 0x3A) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data":
            if data == nil {
                data = Array(value)
            } else {
                data?.append(0x0A)
                data?.append(contentsOf: value)
            }
        default: break
        }
        return nil
    }
}
