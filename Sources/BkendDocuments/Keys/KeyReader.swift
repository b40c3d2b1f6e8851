import BkendWire

/// Reads comparison keys back into values, for error texts.
struct KeyReader {
    private var bytes: ArraySlice<UInt8>

    /// The values of an index entry; what can't be read back is null.
    static func values(of key: ArraySlice<UInt8>, fields: [IndexField]) -> [JSON] {
        var reader = KeyReader(bytes: key)
        return fields.map { field in
            if field.isDescending { reader.bytes = ArraySlice(reader.bytes.map { ~$0 }) }
            defer { if field.isDescending { reader.bytes = ArraySlice(reader.bytes.map { ~$0 }) } }
            return reader.value()
        }
    }

    private mutating func value() -> JSON { body(bytes.popFirst() ?? TypeBracket.null) }

    private mutating func body(_ bracket: UInt8) -> JSON {
        switch bracket {
        case TypeBracket.number: return number()
        case TypeBracket.string: return .string(string())
        case TypeBracket.boolean: return .bool(bytes.popFirst() == 1)
        case TypeBracket.array, TypeBracket.wholeArray:
            var elements: [JSON] = []
            while let bracket = bytes.popFirst(), bracket != TypeBracket.end { elements.append(body(bracket)) }
            return .array(elements)
        case TypeBracket.object:
            var object = JSONObject()
            while let bracket = bytes.popFirst(), bracket != TypeBracket.end {
                let name = string()
                object[name] = body(bracket)
            }
            return .object(object)
        case TypeBracket.nothing: return []
        default: return .null
        }
    }

    private mutating func string() -> String {
        var text: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte == 0 {
                if bytes.first != 0xFF { break }
                bytes.removeFirst()
            }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func number() -> JSON {
        guard bytes.count >= 8 else { return .null }
        let ordered = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        bytes.removeFirst(8)
        let double = Double(bitPattern: ordered >> 63 == 1 ? ordered & ~(1 << 63) : ~ordered)
        guard double.magnitude >= 0x1p53, bytes.count >= 2 else {
            return Int64(exactly: double).map(JSON.int) ?? .double(double)
        }
        let residual = Int64(bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) } - 0x8000)
        bytes.removeFirst(2)
        if let whole = Int64(exactly: double) { return .int(whole + residual) }
        return residual < 0 ? .int(.max + residual + 1) : .double(double)
    }
}
