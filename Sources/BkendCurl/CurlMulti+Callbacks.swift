import CCurl
import Glibc

extension CurlMulti {
    func installCallbacks(on multi: UnsafeMutableRawPointer) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        bkend_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        bkend_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        bkend_multi_set_socket_callback(multi) { _, socket, what, multi, _ in
            guard let multi else { return 0 }
            CurlMulti.at(multi).setInterest(socket, what)
            return 0
        }
        bkend_multi_set_timer_callback(multi) { _, milliseconds, multi in
            guard let multi else { return 0 }
            CurlMulti.at(multi).setTimer(milliseconds: milliseconds)
            return 0
        }
    }

    /// Tells the loop of every socket that the handle's connections open and close. The loop outlives its connections,
    /// which keep these callbacks after the handle has moved on.
    func installSocketCallbacks(on handle: EasyHandle) {
        let me = Unmanaged.passUnretained(self).toOpaque()
        handle.set(CURLOPT_SOCKOPTDATA, pointer: me)
        handle.set(CURLOPT_CLOSESOCKETDATA, pointer: me)
        handle.check(
            bkend_easy_set_socket_option_callback(handle.curl) { multi, socket, _ in
                // No child process shall have the app's connections; libcurl leaves that to us.
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
                if let multi { CurlMulti.at(multi).sockets.opened(socket) }
                return CURL_SOCKOPT_OK
            })
        handle.check(
            bkend_easy_set_close_callback(handle.curl) { multi, socket in
                if let multi { CurlMulti.at(multi).closed(socket) }
                return Glibc.close(socket)
            })
    }

    private static func at(_ pointer: UnsafeMutableRawPointer) -> CurlMulti {
        Unmanaged<CurlMulti>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func closed(_ socket: curl_socket_t) { sockets.closed(socket, poller) }

    private func setInterest(_ socket: curl_socket_t, _ what: Int32) {
        let mask: UInt32 =
            switch what {
            case CURL_POLL_IN: Poller.readable
            case CURL_POLL_OUT: Poller.writable
            case CURL_POLL_INOUT: Poller.readable | Poller.writable
            default: 0
            }
        sockets.want(socket, mask, poller)
    }
}
