import CLoad
import Foundation
import Harness
import Servers

/// Files that move over raw sockets.
struct Transfers {
    let files: Measure.Files

    /// Uploads each file by the three requests of rest-api.md §9.
    ///
    /// - Parameter clean: removes what the batch before has left, before the time counts.
    func uploads(
        _ name: String, _ server: ServerProcess, key: String, clean: @escaping () -> Void
    ) -> Contender {
        contender(name, process: server.identifier) {
            clean()
            return try run(BENCH_UPLOAD, port: server.port, key: key)
        }
    }

    /// PUTs of the bytes alone.
    func puts(_ name: String, port: Int, process: Int32, clean: @escaping () -> Void) -> Contender {
        contender(name, process: process) {
            clean()
            return try run(BENCH_PUT, port: port)
        }
    }

    /// GETs of paths.
    func downloads(_ name: String, port: Int, process: Int32, paths: [String]) -> Contender {
        contender(name, process: process) { try run(BENCH_GET, port: port, paths: paths) }
    }

    /// Uploads the files, and gives the paths of their bytes.
    func fill(port: Int, key: String) throws -> [String] {
        let taken = Taken()
        _ = try run(BENCH_UPLOAD, port: port, key: key, taken: taken)
        return taken.paths
    }

    private final class Taken {
        var paths: [String] = []
    }

    private func contender(_ name: String, process: Int32, _ batch: @escaping () throws -> Double) -> Contender {
        Contender(
            name, operations: files.count, processorSeconds: { ProcessFigures(process: process).processorSeconds },
            timedBatch: batch)
    }

    /// - Returns: the seconds from the first request to the last answer.
    private func run(
        _ kind: bench_transfer_kind, port: Int, key: String = "", paths: [String] = [], taken: Taken? = nil
    ) throws -> Double {
        let texts = paths.map { strdup($0) }
        defer { for text in texts { free(text) } }
        let pointers = texts.map { UnsafePointer($0) }
        let result = key.withCString { key in
            pointers.withUnsafeBufferPointer { pointers in
                var plan = bench_transfers()
                plan.kind = kind
                plan.port = Int32(port)
                plan.connections = Int32(files.connections)
                plan.count = files.count
                plan.size = files.size
                plan.paths = pointers.baseAddress
                plan.path_count = pointers.count
                plan.key = key
                guard let taken else { return bench_transfers_run(plan) }
                plan.context = Unmanaged.passUnretained(taken).toOpaque()
                plan.take = { context, path in
                    guard let context, let path else { return }
                    let whole = String(cString: path)
                    Unmanaged<Taken>.fromOpaque(context).takeUnretainedValue().paths
                        .append(String(whole.prefix { $0 != "?" }))
                }
                return withExtendedLifetime(taken) { bench_transfers_run(plan) }
            }
        }
        guard result.failure == 0, result.bytes == files.count * files.size else {
            let reason = String(cString: strerror(result.failure))
            throw BenchmarkFailure("\(result.bytes) bytes of \(files.count) files of \(files.size): \(reason)")
        }
        return result.seconds
    }
}
