import BkendTransport
import CCurl

/// What libcurl's result codes mean.
enum CurlFailure {
    static func kind(of code: CURLcode) -> TransportError.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            .cannotResolveHost
        case CURLE_COULDNT_CONNECT:
            .cannotConnect
        case CURLE_OPERATION_TIMEDOUT:
            .connectTimedOut  // the one stage whose time libcurl watches
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_NO_CONNECTION_AVAILABLE:
            .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP_RETURNED_ERROR:
            .malformedResponse
        case CURLE_BAD_CONTENT_ENCODING:
            .decompression
        case CURLE_FILESIZE_EXCEEDED:
            .bodyTooLarge
        case CURLE_URL_MALFORMAT:
            .invalidRequest
        default:
            .transportFailed
        }
    }
}

extension EasyHandle {
    /// The error for a transfer that libcurl gave up.
    func failure(_ code: CURLcode, transfer: Transfer) -> TransportError {
        let delivery = transfer.delivery(hasSentBytes: hasSentBytes)
        if let refusal {
            return transfer.error(refusal.kind, delivery: delivery, reason: refusal.reason)
        }
        var kind = CurlFailure.kind(of: code)
        var reason = message(for: code)
        switch code {
        case CURLE_OK:  // libcurl does not mind when a connection closes in the middle of a head
            kind = .connectionLost
            reason = "the connection closed before the response head was complete"
        case CURLE_SEND_FAIL_REWIND:
            reason = "the connection broke before the response; the request must not be sent twice"
        case CURLE_OUT_OF_MEMORY where delivery == .answered, CURLE_WRITE_ERROR where delivery == .answered:
            // libcurl keeps what a paused transfer has decompressed, up to 64 MB, and then says this.
            kind = .decompression
            reason = "the compressed body expands too much at once (\(reason))"
        case CURLE_RECV_ERROR where kind == .connectionLost && reason.contains("chunk"):
            kind = .malformedResponse
        default: break
        }
        return transfer.error(kind, delivery: delivery, reason: reason, code: Int(code.rawValue))
    }
}
