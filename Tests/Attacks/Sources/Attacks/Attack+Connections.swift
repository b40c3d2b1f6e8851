import Foundation
import Load

extension Attack {
    /// 30,000 requests at once on each connection, and not an answer read.
    static let unreadPipeline = Attack(name: "unread pipeline", threads: 64) { target, number in
        let connection = try Connection(
            port: target.port, from: address, patience: 5, receiveBuffer: 4_096)
        let request = Request("GET", "/health").bytes
        let many = Array(repeatElement(request, count: 1_000).joined())
        for _ in 0..<30 { try connection.send(many) }
        sleep(5)
    }

    /// Pages of 100 MB that nobody reads.
    static let unreadLists = Attack(name: "unread lists", threads: 10) { target, number in
        let connection = try Connection(
            port: target.port, from: address, patience: 5, receiveBuffer: 4_096)
        try connection.send(
            Request(
                "GET", "/v1/data/large?limit=\(number.isMultiple(of: 2) ? 100 : 15)", key: target.keys.publishableKey
            )
            .bytes)
        sleep(3)
    }

    /// A head that comes a byte at a time.
    static let slowHeads = Attack(name: "slow heads", threads: 128) { target, number in
        let connection = try Connection(port: target.port, from: address, patience: 5)
        try connection.send(Array("GET /health HTTP/1.1\r\nX-A: ".utf8))
        for _ in 0..<20 {
            usleep(250_000)
            try connection.send([97])
        }
    }
}
