import CLoad

/// A libcurl multi loop in C, on the calling thread: as little as these requests can cost with libcurl.
struct BareLoop: Client, @unchecked Sendable {  // one batch runs at a time
    let name = "bare libcurl loop"
    private let loop: OpaquePointer

    init(_ target: Target, inFlight: Int) throws {
        guard let loop = bench_bare_open(target.url, "\(Target.keyName): \(Target.key)", Int32(inFlight)) else {
            throw WrongAnswer("libcurl has no memory")
        }
        self.loop = loop
    }

    func get(_ requests: Int, inFlight: Int) async throws {
        let bytes = bench_bare_run(loop, requests)
        guard bytes == requests * Target.body.utf8.count else {
            throw WrongAnswer("\(bytes) bytes of bodies in \(requests) answers")
        }
    }

    func close() async throws { bench_bare_close(loop) }
}
