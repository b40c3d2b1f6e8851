#if Server
import BkendWire
import Foundation

extension Timestamp {
    /// The system's time.
    package static var systemNow: Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(clamping: Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000)
    }
}
#endif
