import CCurl
import HTTPTypes

/// Header lines as libcurl's linked list, in one piece of memory. libcurl reads the list where it is, so it lives as
/// long as the transfer.
final class HeaderList: @unchecked Sendable {  // immutable after its making
    /// The first line; `nil` for none.
    let first: UnsafeMutablePointer<curl_slist>?

    fileprivate init(text: [UInt8], starts: [Int]) {
        guard !starts.isEmpty else {
            first = nil
            return
        }
        let nodes = UnsafeMutablePointer<curl_slist>.allocate(capacity: starts.count)
        let characters = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
        text.withUnsafeBytes {
            UnsafeMutableRawPointer(characters).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }  // not empty: there are lines
        for (index, start) in starts.enumerated() {
            let next = index + 1 < starts.count ? nodes + (index + 1) : nil
            (nodes + index).initialize(to: curl_slist(data: characters + start, next: next))
        }
        first = nodes
    }

    deinit {
        first?.pointee.data.deallocate()  // the first line begins where the characters do
        first?.deallocate()
    }

    /// Collects header lines.
    struct Builder {
        private var text: [UInt8] = []
        private var starts: [Int] = []

        init() {
            text.reserveCapacity(256)
        }

        /// Adds a field; false if its value has CR, LF or NUL, which would begin another field.
        mutating func append(_ field: HTTPField) -> Bool {
            starts.append(text.count)
            text.append(contentsOf: field.name.rawName.utf8)
            let isClean = field.withUnsafeBytesOfValue { value in
                // libcurl takes "Name:" for an order to remove a field and "Name;" for an empty one.
                text.append(contentsOf: value.isEmpty ? ";".utf8 : ": ".utf8)
                text.append(contentsOf: value)
                return !value.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
            }
            text.append(0)
            return isClean
        }

        mutating func append(line: String) {
            starts.append(text.count)
            text.append(contentsOf: line.utf8)
            text.append(0)
        }

        consuming func build() -> HeaderList {
            HeaderList(text: text, starts: starts)
        }
    }
}
