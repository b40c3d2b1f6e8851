extension JSON {
    /// The compact UTF-8 text: no white space, members in order, numbers as JavaScript prints them (rest-api.md §1).
    /// A double that is not finite, which JSON can't say, becomes `null` as in `JSON.stringify`.
    public func serialized() -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    /// Appends the compact text.
    package func write(to out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): out.append(contentsOf: String(value).utf8)
        case .double(let value): out.append(contentsOf: JSONNumber.text(of: value).utf8)
        case .string(let value): JSON.write(string: value, to: &out)
        case .array(let values):
            out.append(0x5B)
            for (index, value) in values.enumerated() {
                if index > 0 { out.append(0x2C) }
                value.write(to: &out)
            }
            out.append(0x5D)
        case .object(let object): object.write(to: &out)
        }
    }

    /// Appends a quoted string; escapes are those of `JSON.stringify`.
    package static func write(string: String, to out: inout [UInt8]) {
        out.append(0x22)
        let written: Void? = string.utf8.withContiguousStorageIfAvailable { escape($0, to: &out) }
        if written == nil { Array(string.utf8).withUnsafeBufferPointer { escape($0, to: &out) } }
        out.append(0x22)
    }

    private static func escape(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
            out.append(contentsOf: bytes[start..<index])
            start = index + 1
            out.append(0x5C)
            switch byte {
            case 0x08: out.append(0x62)
            case 0x09: out.append(0x74)
            case 0x0A: out.append(0x6E)
            case 0x0C: out.append(0x66)
            case 0x0D: out.append(0x72)
            case 0x22, 0x5C: out.append(byte)
            default:
                out.append(contentsOf: "u00".utf8)
                out.append(0x30 + (byte >> 4))
                out.append((byte & 15 < 10 ? 0x30 : 0x57) + (byte & 15))
            }
        }
        out.append(contentsOf: bytes[start..<bytes.count])
    }
}

extension JSONObject {
    /// Appends the compact text.
    package func write(to out: inout [UInt8]) {
        out.append(0x7B)
        for (index, member) in self.enumerated() {
            if index > 0 { out.append(0x2C) }
            JSON.write(string: member.key, to: &out)
            out.append(0x3A)
            member.value.write(to: &out)
        }
        out.append(0x7D)
    }

    /// The compact UTF-8 text; see `JSON.serialized()`.
    package func serialized() -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }
}
