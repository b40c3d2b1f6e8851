import BkendWire
import Foundation

/// Writes over one connection until the server dies, and remembers what was answered, so that it can be asked for later.
/// At most one write is under way, so at most one is uncertain after a kill.
struct KillWriter: Sendable {
    /// What was sent last and never answered.
    enum Uncertain: Sendable {
        case create(key: String)
        case batch(String)
        case patch(id: String, from: Int, to: Int)
        case delete(id: String)
    }

    let number: Int
    let secretKey: String
    /// Records that must be there, by id, with the version that they must have.
    private(set) var live: [String: Int] = [:]
    /// Records that must be gone.
    private(set) var gone: Set<String> = []
    private(set) var uncertain: Uncertain?
    /// Answers that no write here should get.
    private(set) var refusals: [String] = []
    /// How many writes were answered, in all.
    private(set) var answered = 0
    private var sequence = 0
    private var random = SystemRandomNumberGenerator()

    init(number: Int, secretKey: String) {
        self.number = number
        self.secretKey = secretKey
    }

    /// Writes until the connection breaks.
    ///
    /// - Parameter onAnswer: called after each answer.
    mutating func run(port: Int, onAnswer: () -> Void) {
        guard let connection = try? RawConnection(port: port) else { return }
        while true {
            let write = next()
            uncertain = write
            guard (try? connection.send(request(for: write, port: port))) != nil,
                let answer = try? connection.answer()
            else { return }
            if (200...299).contains(answer.status) {
                note(write, answer)
            } else {
                refusals.append("\(write): \(answer.text)")
                uncertain = nil
            }
            onAnswer()
        }
    }

    private mutating func next() -> Uncertain {
        sequence += 1
        let name = "\(number)-\(sequence)"
        let dice = Int.random(in: 0..<10, using: &random)
        if dice >= 7, let (id, version) = live.randomElement(using: &random) {
            return dice == 9 ? .delete(id: id) : .patch(id: id, from: version, to: version + 1)
        }
        return dice >= 5 ? .batch(name) : .create(key: name)
    }

    private func record(_ key: String, batch: String) -> JSON {
        [
            "key": .string(key), "batch": .string(batch), "v": 0, "w": 0,
            "text": .string(String(repeating: key, count: 40)),
        ]
    }

    private func request(for write: Uncertain, port: Int) -> [UInt8] {
        let client = TestClient("http://127.0.0.1:\(port)", key: secretKey)
        switch write {
        case .create(let key):
            return client.request("POST", "/v1/t", body: record(key, batch: "none").serialized())
        case .batch(let name):
            let records = (0..<3).map { record("\(name)-\($0)", batch: name) }
            return client.request("POST", "/v1/t", body: JSON.array(records).serialized())
        case .patch(let id, _, let version):
            let change: JSON = ["v": .int(Int64(version)), "w": .int(Int64(version))]
            return client.request("PATCH", "/v1/t/\(id)", body: change.serialized())
        case .delete(let id): return client.request("DELETE", "/v1/t/\(id)")
        }
    }

    private mutating func note(_ write: Uncertain, _ answer: Answer) {
        answered += 1
        switch write {
        case .create: live[answer.id] = 0
        case .batch: for item in answer.items { live[item["id"]?.stringValue ?? ""] = 0 }
        case .patch(let id, _, let version): live[id] = version
        case .delete(let id):
            live[id] = nil
            gone.insert(id)
        }
        uncertain = nil
    }

    /// How many records this writer has, once what was uncertain is settled.
    var count: Int { live.count }

    /// Forgets what has been checked, but for some records that later writes change.
    ///
    /// - Returns: how many records were forgotten; they stay where they are.
    mutating func forget() -> Int {
        gone = []
        let extra = max(0, live.count - 100)
        for id in live.keys.prefix(extra) { live[id] = nil }
        return extra
    }

    /// Takes over what the server turned out to hold.
    mutating func settle(live found: [String: Int], gone lost: Set<String>) {
        for (id, version) in found { live[id] = version }
        for id in lost { live[id] = nil }
        uncertain = nil
    }
}
