import BkendSync

/// What befalls requests about files, beside what befalls all; drawn for each seed that has files.
package struct FileTrouble: Sendable {
    /// What can befall one.
    package enum Kind: String, CaseIterable, Sendable {
        /// The answer is lost after the server has acted.
        case lost
        /// A second copy arrives minutes later, or up to half an hour.
        case copied
        /// A portal answers to bytes as a storage would; nothing is stored.
        case portal
        /// Something in the storage's place answers 403.
        case forbidden
        /// The storage refuses the bytes.
        case refused
        /// The storage fails.
        case failing
        /// Other bytes arrive than were sent.
        case damaged
        /// The node that registers doesn't know the key yet.
        case lagging
        /// The server has no room for the user's files.
        case full
    }

    private var rates: [Double] = Kind.allCases.map { _ in 0 }
    /// When copies arrive, in milliseconds after the request.
    package var copyDelay = 1_000...300_000

    /// No trouble.
    package init() {}

    /// The rate of a kind, 0 to 1.
    package subscript(kind: Kind) -> Double {
        get { rates[Self.position(kind)] }
        set { rates[Self.position(kind)] = newValue }
    }

    /// A seed's rates: none, one or two kinds often, or all together and seldom.
    init(drawnFrom random: inout SyncRandom) {
        switch random.number(0...9) {
        case 0, 1, 2: return
        case 3, 4, 5, 6:
            for _ in 1...random.number(1...3) {
                self[random.one(of: Kind.allCases)] = Double(random.number(15...60)) / 100
            }
        default:
            for kind in Kind.allCases { self[kind] = Double(random.number(0...15)) / 100 }
        }
    }

    /// A portal stands in the storage's place all the time: whatever arrives there are late copies.
    static func portalForLong(_ random: inout SyncRandom) -> FileTrouble {
        var trouble = FileTrouble()
        trouble[.portal] = random.one(of: [0.9, 1])
        trouble[.copied] = Double(random.number(5...30)) / 100
        // Not before the addresses have ended for which they were made.
        trouble.copyDelay = 960_000...1_800_000
        return trouble
    }

    private static func position(_ kind: Kind) -> Int { Kind.allCases.firstIndex(of: kind) ?? 0 }

    /// The kinds that can befall a request.
    private static func kinds(of operation: SyncRequest.Operation) -> [Kind] {
        switch operation {
        case .presign: [.full, .lost, .copied]
        case .put: [.portal, .forbidden, .refused, .failing, .full, .lost, .damaged, .copied]
        case .register: [.lagging, .lost, .copied]
        case .deleteFile: [.lost, .copied]
        default: []
        }
    }

    /// What befalls a request: one thing at most, and a copy beside it.
    func strike(_ operation: SyncRequest.Operation, _ random: inout SyncRandom) -> (kind: Kind?, copy: Int64?) {
        var struck: Kind?
        var copy: Int64?
        for kind in Self.kinds(of: operation) {
            let delay = Int64(random.number(copyDelay))
            guard random.hits(self[kind]) else { continue }
            if kind == .copied { copy = delay } else if struck == nil { struck = kind }
        }
        return (struck, copy)
    }
}

extension SyncRequest.Operation {
    /// Whether the server changes something about files when it acts.
    var changesFiles: Bool {
        switch self {
        case .presign, .put, .register, .deleteFile: true
        default: false
        }
    }
}
