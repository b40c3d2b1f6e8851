import BkendSync
import BkendWire

/// What was done and seen, as lines for people; a digest of all of them tells whether two runs were the same.
package struct Trace: Sendable {
    /// The lines, when they are kept.
    package private(set) var lines: [String] = []
    /// A digest of every line (FNV-1a).
    package private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    private let isRecording: Bool
    private let listener: (@Sendable (String) -> Void)?

    init(isRecording: Bool, listener: (@Sendable (String) -> Void)? = nil) {
        self.isRecording = isRecording
        self.listener = listener
    }

    mutating func note(_ now: Int64, _ text: String) {
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        digest = (digest ^ UInt64(bitPattern: now)) &* 0x0000_0100_0000_01B3
        if isRecording { lines.append(Self.time(now) + " " + text) }
        listener?(Self.time(now) + " " + text)
    }

    private static func time(_ now: Int64) -> String {
        let digits = String(now % 1_000)
        return "\(now / 1_000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    static func text(_ request: SyncRequest) -> String {
        var text = request.operation.name
        switch request.operation {
        case .list(let table, let items):
            text += " \(table)?" + items.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        case .record(let table, let id), .update(let table, let id), .delete(let table, let id):
            text += " \(table)/\(id)"
        case .create(let table), .spec(let table): text += " \(table)"
        case .file(let id), .deleteFile(let id), .fileAddress(let id): text += " \(id)"
        case .me, .presign, .put, .register, .files, .get, .multipart: break
        }
        if let body = request.body { text += " " + String(decoding: body, as: UTF8.self) }
        if !request.entries.isEmpty { text += " entries \(request.entries)" }
        return text
    }

    static func text(_ response: SyncResponse) -> String {
        switch response {
        case .answered(let answer):
            var text = "\(answer.status)"
            if !answer.isJSON { text += " (not JSON)" }
            if let wait = answer.retryAfter { text += " retry after \(wait)" }
            return text + " " + String(decoding: answer.body.prefix(600), as: UTF8.self)
        case .notSent(let failure): return "not sent: \(failure)"
        case .lost(let failure): return "lost: \(failure)"
        case .refused(let refusal): return "refused: \(refusal)"
        }
    }
}
