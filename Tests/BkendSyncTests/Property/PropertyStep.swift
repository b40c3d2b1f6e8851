import BkendSync
import BkendWire

/// One step of a random sequence: what to do, and numbers that choose on what. What a number chooses depends on what
/// there is, so steps can be cut out of a sequence and the rest still means something.
struct PropertyStep: CustomStringConvertible {
    enum Kind: String, CaseIterable {
        case create, update, delete, send, loseAnswer, giveUp, requeue, answer, reject, retry, discard, edit
        case serverRow, keyedRow, staleRow, backRow, twin, lose, gone, recreate, rebase, lead, takeOver, crash

        var weight: Int {
            switch self {
            case .update: 26
            case .create, .serverRow: 12
            case .send, .answer: 20
            case .delete, .retry, .discard, .edit: 5
            case .reject: 6
            case .crash, .lead, .takeOver: 1
            default: 3
            }
        }
    }

    var kind: Kind
    var seed: UInt64

    init(_ random: inout PropertyRandom) {
        var choice = Int(random.next() % UInt64(Kind.allCases.reduce(0) { $0 + $1.weight }))
        var kind = Kind.create
        for candidate in Kind.allCases {
            choice -= candidate.weight
            if choice < 0 {
                kind = candidate
                break
            }
        }
        self.kind = kind
        seed = random.next()
    }

    var description: String { "\(kind.rawValue)(\(seed))" }
}

/// A small generator of numbers that follow from a seed.
struct PropertyRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
