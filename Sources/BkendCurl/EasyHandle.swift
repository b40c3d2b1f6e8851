import BkendTransport
import CCurl

/// A libcurl easy handle and what belongs to the transfer it runs. Handles are kept and used again.
///
/// Not thread-safe, and never shared: the sending task prepares it, then hands it to the event loop, which hands it
/// back to the pool.
final class EasyHandle: @unchecked Sendable {  // one owner at a time, handed over through locks
    let curl: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    /// The loop that runs the handle; set as long as it does.
    private(set) unowned(unsafe) var multi: CurlMulti?  // the loop outlives every handle that it runs

    private(set) var transfer: Transfer?
    private var headers: HeaderList?
    var head = ResponseHeadCollector()
    /// What a callback found wrong; it says more than the code with which libcurl reports the callback's refusal.
    var refusal: (kind: TransportError.Kind, reason: String)?
    var deadline = TransferDeadline()
    /// The place in the loop's list of running handles.
    var activeIndex = -1
    /// libcurl's pause bits as last set.
    var pauseBits: Int32 = 0
    /// An event for the transfer has happened that its task has not been told of.
    var isTouched = false
    /// Reading has to be paused once libcurl is no longer inside a callback.
    var wantsReceivePause = false

    /// The first option that libcurl refused. Such a handle is not used: the option may be one that safety rests on.
    private(set) var optionFailure = CURLE_OK

    private var hasSocketCallbacks = false
    private var wasEncrypted: Bool?
    private var wasRewindable = false
    private var connectTimeout = 0

    /// Creates a handle with all that is the same for every request; `nil` when there is no memory.
    init?(_ configuration: CurlTransport.Configuration) {
        guard let curl = curl_easy_init() else { return nil }
        self.curl = curl
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setFixedOptions(configuration)
    }

    deinit {
        curl_easy_cleanup(curl)
        errorText.deallocate()
    }

    /// Options that no request changes. Nothing here may be left to libcurl's defaults that a later version or a
    /// distribution could change, nor to the environment.
    private func setFixedOptions(_ configuration: CurlTransport.Configuration) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_ERRORBUFFER, pointer: errorText)
        set(CURLOPT_PRIVATE, pointer: Unmanaged.passUnretained(self).toOpaque())
        installCallbacks()

        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_PROXY, configuration.proxy ?? "")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        set(CURLOPT_ACCEPT_ENCODING, "")  // all that this libcurl can decompress
        set(CURLOPT_USERAGENT, configuration.userAgent)

        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = configuration.certificateAuthorities { set(CURLOPT_CAINFO, file) }

        set(CURLOPT_MAXAGE_CONN, max(1, Int(configuration.idleConnectionLifetime.components.seconds)))
        // Otherwise taking back a request that still looks for its host's address would wait for the resolver.
        set(CURLOPT_QUICK_EXIT, 1)
    }

    /// Sets what differs from request to request.
    func prepare(_ plan: RequestPlan, for transfer: Transfer) {
        self.transfer = transfer
        headers = plan.headers
        set(CURLOPT_URL, plan.url)
        check(bkend_easy_set_header_list(curl, plan.headers.first))
        setMethod(plan)
        if wasEncrypted != plan.isEncrypted {
            wasEncrypted = plan.isEncrypted
            // With TLS, wait for a connection in the making: it may turn out to be HTTP/2 and carry this request too.
            set(CURLOPT_HTTP_VERSION, plan.isEncrypted ? Int(CURL_HTTP_VERSION_2TLS) : Int(CURL_HTTP_VERSION_1_1))
            set(CURLOPT_PIPEWAIT, plan.isEncrypted ? 1 : 0)
        }
        // 0 would mean libcurl's own five minutes.
        let timeout = max(1, transfer.timeouts.connect.clampedMilliseconds)
        if connectTimeout != timeout {
            connectTimeout = timeout
            set(CURLOPT_CONNECTTIMEOUT_MS, timeout)
        }
        // Without a seek callback libcurl cannot read the body again and so cannot send it again; the second guard
        // beside `requestLeaves`, which also covers requests without a body.
        let isRewindable = transfer.replay == .idempotent && transfer.upload.isRewindable
        if wasRewindable != isRewindable {
            wasRewindable = isRewindable
            setSeekCallback(isRewindable)
        }
    }

    private func setMethod(_ plan: RequestPlan) {
        switch plan.form {
        case .bodiless:
            set(CURLOPT_HTTPGET, 1)
            set(CURLOPT_CUSTOMREQUEST, plan.method == "GET" ? nil : plan.method)
        case .head:
            set(CURLOPT_NOBODY, 1)
            set(CURLOPT_CUSTOMREQUEST, nil)
        case .body(let length):
            set(CURLOPT_HTTPGET, 1)  // takes back a HEAD before it
            set(CURLOPT_POST, 1)
            check(bkend_easy_set_offset(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(length ?? -1)))
            set(CURLOPT_CUSTOMREQUEST, plan.method == "POST" ? nil : plan.method)
        }
    }

    /// A loop takes the handle over; always the same loop, since a pool belongs to one.
    func isRun(by multi: CurlMulti) {
        self.multi = multi
        if !hasSocketCallbacks {
            hasSocketCallbacks = true
            multi.installSocketCallbacks(on: self)
        }
    }

    /// Forgets the transfer, so that the handle can take another.
    func reset() {
        transfer = nil
        headers = nil
        check(bkend_easy_set_header_list(curl, nil))
        head = ResponseHeadCollector()
        refusal = nil
        pauseBits = 0
        isTouched = false
        wantsReceivePause = false
        errorText[0] = 0
        multi = nil
    }

    /// Whether any byte of the request has been written to a connection.
    var hasSentBytes: Bool {
        var size = 0
        bkend_easy_get_long(curl, CURLINFO_REQUEST_SIZE, &size)
        return size > 0
    }

    /// What libcurl says about a failure.
    func message(for code: CURLcode) -> String {
        errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }

    func set(_ option: CURLoption, _ value: Int) { check(bkend_easy_set_long(curl, option, value)) }
    func set(_ option: CURLoption, _ value: String?) { check(bkend_easy_set_string(curl, option, value)) }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        check(bkend_easy_set_pointer(curl, option, pointer))
    }

    func check(_ code: CURLcode) {
        if code != CURLE_OK, optionFailure == CURLE_OK { optionFailure = code }
    }
}

extension Duration {
    /// Whole milliseconds, as far as an `Int32` goes (24 days), since libcurl takes a C `long` and multiplies it.
    var clampedMilliseconds: Int {
        let limit = Duration.milliseconds(Int64(Int32.max))
        let (seconds, attoseconds) = min(max(self, .zero), limit).components
        return Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// Whole nanoseconds, at least 0 and at most 100 years.
    var clampedNanoseconds: UInt64 {
        let limit = Duration.seconds(100 * 365 * 86_400)
        let (seconds, attoseconds) = min(max(self, .zero), limit).components
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
