/// What part of a file a request asks for (RFC 9110 §14).
enum ByteRange: Equatable {
    /// All of it.
    case whole
    /// Some of it.
    case part(Range<Int>)
    /// A part that the file doesn't have.
    case unsatisfiable

    /// Reads the header `Range`. More than one range, another unit or a malformed value count as none (RFC 9110 §14.2).
    init(_ header: String?, of length: Int) {
        self = .whole
        guard let header, header.hasPrefix("bytes=") else { return }
        let set = header.dropFirst(6)
        guard !set.contains(",") else { return }
        let ends = set.split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return }
        // Digits beyond every number are beyond every file.
        let first = ends[0].isEmpty ? nil : Int(ends[0]) ?? .max
        let last = ends[1].isEmpty ? nil : Int(ends[1]) ?? .max
        switch (first, last) {
        case (let first?, let last):
            if let last, last < first { return }
            let end = last.map { $0 >= length ? length : $0 + 1 } ?? length
            self = first < length ? .part(first..<end) : .unsatisfiable
        case (nil, let suffix?):
            self = suffix > 0 && length > 0 ? .part(max(0, length - suffix)..<length) : .unsatisfiable
        case (nil, nil): return
        }
    }
}
