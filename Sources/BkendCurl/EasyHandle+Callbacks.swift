import BkendTransport
import CCurl

extension EasyHandle {
    /// The callbacks run inside libcurl, on whichever thread drives it, and only note what happened.
    func installCallbacks() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_PREREQDATA, CURLOPT_SEEKDATA] {
            set(option, pointer: me)
        }
        check(
            bkend_easy_set_data_callback(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, handle in
                guard let bytes, let handle else { return 0 }
                return EasyHandle.at(handle).bodyArrived(UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        check(
            bkend_easy_set_data_callback(curl, CURLOPT_HEADERFUNCTION) { bytes, size, count, handle in
                guard let bytes, let handle else { return 0 }
                return EasyHandle.at(handle).headerArrived(UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        check(
            bkend_easy_set_data_callback(curl, CURLOPT_READFUNCTION) { buffer, size, count, handle in
                guard let buffer, let handle else { return Int(CURL_READFUNC_ABORT) }
                let space = UnsafeMutableRawBufferPointer(start: buffer, count: size * count)
                return EasyHandle.at(handle).bodyWanted(space)
            })
        check(
            bkend_easy_set_prereq_callback(curl) { handle, _, _, _, _ in
                guard let handle else { return CURL_PREREQFUNC_ABORT }
                return EasyHandle.at(handle).requestLeaves()
            })
    }

    func setSeekCallback(_ isSet: Bool) {
        guard isSet else {
            check(bkend_easy_set_seek_callback(curl, nil))
            return
        }
        check(
            bkend_easy_set_seek_callback(curl) { handle, offset, origin in
                guard let handle, offset == 0, origin == SEEK_SET,
                    EasyHandle.at(handle).transfer?.upload.rewind() == true
                else { return CURL_SEEKFUNC_FAIL }
                return CURL_SEEKFUNC_OK
            })
    }

    private static func at(_ pointer: UnsafeMutableRawPointer) -> EasyHandle {
        Unmanaged<EasyHandle>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func touch() {
        guard !isTouched else { return }
        isTouched = true
        multi?.touched.append(self)
    }

    private func bodyArrived(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let transfer, !bytes.isEmpty else { return bytes.count }
        deadline.sawActivity(now: multi?.now ?? 0)
        touch()
        switch transfer.bodyArrived(bytes) {
        case .accept:
            return bytes.count
        case .acceptThenPause:
            wantsReceivePause = true
            return bytes.count
        case .pause:
            pauseBits |= CURLPAUSE_RECV
            return Int(CURL_WRITEFUNC_PAUSE)
        case .refuseTooLarge:
            refusal = (.bodyTooLarge, "the response body is larger than the request allows")
            return 0
        case .refuse:
            refusal = (.malformedResponse, "body data came before the response head was complete")
            return 0
        }
    }

    private func headerArrived(_ line: UnsafeRawBufferPointer) -> Int {
        deadline.sawActivity(now: multi?.now ?? 0)
        switch head.line(line) {
        case .more:
            break
        case .complete(let bytes):
            transfer?.headArrived(bytes)
            touch()
        case .refuse(let reason):
            refusal = (.malformedResponse, reason)
            return 0
        }
        return line.count
    }

    private func bodyWanted(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let transfer else { return Int(CURL_READFUNC_ABORT) }
        deadline.sawActivity(now: multi?.now ?? 0)
        switch transfer.upload.read(into: buffer) {
        case .bytes(let count):
            return count
        case .starved:
            pauseBits |= CURLPAUSE_SEND
            return Int(CURL_READFUNC_PAUSE)
        case .end:
            return 0
        case .failed(let kind, let reason):
            refusal = (kind, reason)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    private func requestLeaves() -> CInt {
        guard let transfer else { return CURL_PREREQFUNC_ABORT }
        switch transfer.requestLeaves(hasSentBytes: hasSentBytes) {
        case .send:
            deadline.requestLeaves(now: multi?.now ?? 0)
            multi?.watch(self)
            return CURL_PREREQFUNC_OK
        case .refuse:
            refusal = (.connectionLost, "the connection broke before the response; the request must not be sent twice")
            return CURL_PREREQFUNC_ABORT
        }
    }
}
