import CLoad
import Servers

/// A process that serves one large table (`CLoad.h`), and costs far less than its clients.
struct TableServer: @unchecked Sendable {  // the process shares its figures by memory
    private let table: OpaquePointer
    let rows: Int

    /// Starts one; the program may have no threads yet.
    init(rows: Int) throws {
        guard let table = bench_table_start(rows) else { throw BenchmarkFailure("the table's server did not start") }
        self.table = table
        self.rows = rows
    }

    var url: String { "http://127.0.0.1:\(bench_table_port(table))" }
    var requests: Int { bench_table_requests(table) }

    /// Deletes rows all over the table; 0 brings them back.
    func remove(_ count: Int) { bench_table_remove(table, Int32(count)) }

    /// The URLs of all its pages of 100 rows, each from behind the one before.
    var pages: [String] {
        stride(from: 0, to: rows, by: 100).map { first in
            let from = first == 0 ? "" : "&andFilters=%7B%22id%22:%7B%22$gt%22:%22\(Self.id(first - 1))%22%7D%7D"
            return "\(url)/v1/data/articles?limit=100&sortBy=id&sortDirection=asc\(from)"
        }
    }

    private static func id(_ row: Int) -> String {
        var bytes = [CChar](repeating: 0, count: 25)
        bench_table_id(row, &bytes)
        return String(decoding: bytes.prefix(24).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
