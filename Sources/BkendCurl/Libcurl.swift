import BkendTransport
import CCurl

/// The library as a whole.
enum Libcurl {
    /// 7.88: options that this target relies on exist from 7.87 on, and from then on TLS writes to a dead connection
    /// don't raise SIGPIPE; 7.88 is the first version that was tried.
    private static let oldestVersion: UInt32 = 0x07_58_00

    /// Done once a process, since libcurl asks for it before its first use.
    private static let initialized = curl_global_init(Int(CURL_GLOBAL_SSL))

    static func prepare() throws(TransportError) {
        guard initialized == CURLE_OK else {
            throw failed("libcurl can't be initialized", code: Int(initialized.rawValue))
        }
        guard let version = curl_version_info(CURLVERSION_FIRST), version.pointee.version_num >= oldestVersion else {
            throw failed("libcurl \(String(cString: curl_version())) is too old; version 7.88 or later is required")
        }
    }

    private static func failed(_ reason: String, code: Int? = nil) -> TransportError {
        TransportError(kind: .transportFailed, delivery: .notSent, reason: reason, underlyingCode: code)
    }
}
