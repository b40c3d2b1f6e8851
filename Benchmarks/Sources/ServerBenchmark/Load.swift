import CLoad
import Foundation
import Servers

/// Requests from raw sockets, on the calling thread.
struct Load {
    let requests: [String]
    let connections: Int

    /// Sends so many requests and reads their answers.
    ///
    /// - Parameter bytes: about how long each body is.
    /// - Returns: the seconds from the first request to the last answer.
    func run(_ count: Int, port: Int, bytes: Int) throws -> Double {
        let result = try send(count, port: port, latencies: nil)
        // Records differ by some digits; an error would be far shorter.
        guard abs(result.bytes - count * bytes) <= count * bytes / 10 else {
            throw BenchmarkFailure("\(result.bytes) bytes of bodies in \(count) answers, not about \(bytes) each")
        }
        return result.seconds
    }

    /// Sends each request once.
    ///
    /// - Returns: the seconds from the first request to the last answer, and those of each request in its order.
    func timed(port: Int) throws -> (whole: Double, each: [Double]) {
        var latencies = [Float](repeating: 0, count: requests.count)
        let result = try latencies.withUnsafeMutableBufferPointer {
            try send(requests.count, port: port, latencies: $0.baseAddress)
        }
        return (result.seconds, latencies.map(Double.init))
    }

    private func send(
        _ count: Int, port: Int, latencies: UnsafeMutablePointer<Float>?
    ) throws -> bench_load_result {
        let texts = requests.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        let result = bench_load_run(
            Int32(port), Int32(connections), pointers, Int32(pointers.count), count, latencies)
        guard result.failure == 0, result.answers == count else {
            let reason = String(cString: strerror(result.failure))
            throw BenchmarkFailure("after \(result.answers) of \(count) answers: \(reason)")
        }
        return result
    }
}
