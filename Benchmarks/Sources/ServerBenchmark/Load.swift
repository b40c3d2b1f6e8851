import CLoad
import Foundation

/// Requests from raw sockets, on the calling thread.
struct Load {
    let requests: [String]
    let connections: Int

    /// Sends so many requests and reads their answers.
    ///
    /// - Parameter bytes: about how long each body is.
    /// - Returns: the seconds from the first request to the last answer.
    func run(_ count: Int, port: Int, bytes: Int) throws -> Double {
        let texts = requests.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        let result = bench_load_run(Int32(port), Int32(connections), pointers, Int32(pointers.count), count)
        guard result.failure == 0, result.answers == count else {
            let reason = String(cString: strerror(result.failure))
            throw BenchmarkFailure("after \(result.answers) of \(count) answers: \(reason)")
        }
        // Records differ by some digits; an error would be far shorter.
        guard abs(result.bytes - count * bytes) <= count * bytes / 10 else {
            throw BenchmarkFailure("\(result.bytes) bytes of bodies in \(count) answers, not about \(bytes) each")
        }
        return result.seconds
    }
}
