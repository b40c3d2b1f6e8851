import BkendWire
import HTTPTypes
import HummingbirdCore

/// The path and the query of a request line.
enum RequestTarget {
    /// Both, as they were sent.
    static func parts(of request: Request) -> (path: Substring, query: Substring) {
        let target = (request.head.path ?? "/")[...]
        let mark = target.utf8.firstIndex(of: 0x3F) ?? target.endIndex
        return (target[..<mark], mark < target.endIndex ? target[target.utf8.index(after: mark)...] : "")
    }

    /// Refuses what is longer than the limits.
    static func check(_ path: Substring, _ query: Substring, _ limits: ServerLimits) throws(ErrorBody) {
        guard path.utf8.count <= limits.pathBytes else {
            throw ErrorBody(.invalidParameters, "the path has more than \(limits.pathBytes) bytes")
        }
        guard query.utf8.count <= limits.queryBytes else {
            throw ErrorBody(.invalidParameters, "the query has more than \(limits.queryBytes) bytes")
        }
    }
}
