import BkendWire
import Foundation

extension Timestamp {
    /// The system's time.
    package static var systemNow: Timestamp {
        Timestamp(clamping: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)))
    }
}
