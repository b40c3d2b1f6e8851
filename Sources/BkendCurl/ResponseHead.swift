import BkendTransport
import HTTPTypes

/// The head of an answer, read from the bytes that libcurl handed over.
struct ResponseHead {
    let response: HTTPResponse
    let version: HTTPVersion

    /// Reads a status line and fields; `nil` if they are not HTTP. Runs in the caller's task: the loop has other
    /// transfers to look after.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard let (version, code, phrase) = Self.statusLine(Self.trimmed(Self.popLine(&rest))) else { return nil }
        var fields = HTTPFields()
        fields.reserveCapacity(16)
        while !rest.isEmpty {
            let line = Self.popLine(&rest)
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
            else { return nil }
            fields.append(HTTPField(name: name, lenientValue: Self.trimmed(line[(colon + 1)...])))
        }
        self.version = version
        response = HTTPResponse(
            status: HTTPResponse.Status(code: code, reasonPhrase: phrase), headerFields: fields)
    }

    private static func popLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        defer { rest = rest[min(end + 1, rest.endIndex)...] }
        return rest[..<end]
    }

    /// `HTTP/1.1 200 OK`; HTTP/2 has no phrase and libcurl writes `HTTP/2 200`.
    private static func statusLine(_ line: ArraySlice<UInt8>) -> (HTTPVersion, Int, String)? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/".utf8), parts[1].count == 3,
            let code = Int(String(decoding: parts[1], as: UTF8.self)), (100...999).contains(code)
        else { return nil }
        let numbers = parts[0].dropFirst(5).map { Int($0) - 0x30 }
        guard let major = numbers.first else { return nil }
        let version = HTTPVersion(major: major, minor: numbers.count == 3 ? numbers[2] : 0)
        let phrase = parts.count == 3 ? parts[2] : []
        let isPlain = phrase.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 < 0x7F) }
        return (version, code, isPlain ? String(decoding: phrase, as: UTF8.self) : "")
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var slice = bytes
        while let last = slice.last, isSpace(last) { slice.removeLast() }
        while let first = slice.first, isSpace(first) { slice.removeFirst() }
        return slice
    }
}
