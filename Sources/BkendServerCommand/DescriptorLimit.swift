import Foundation

/// How many descriptors this process may have (setrlimit(2)).
enum DescriptorLimit {
    /// What databases, files and the server itself need beside connections and streams.
    private static let others: UInt64 = 512

    /// Raises the limit as far as the system lets it, and gives the number of streams that there is room for.
    ///
    /// - Parameters:
    ///   - streams: how many are asked for.
    ///   - connections: how many there may be beside them.
    static func streams(_ streams: Int, besides connections: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return streams }
        let needed = UInt64(streams + connections) + others
        if limit.rlim_cur < needed {
            limit.rlim_cur = min(limit.rlim_max, rlim_t(needed))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return streams }
        }
        let left = UInt64(limit.rlim_cur) - min(UInt64(limit.rlim_cur), UInt64(connections) + others)
        return Int(min(UInt64(streams), left))
    }
}
