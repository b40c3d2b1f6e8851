import BkendWire

/// How far one file's way to the server is: a state, and what each answer makes of it (docs/sync.md, "Files").
///
/// It knows no store, clock or network. Each state is stored before the request that it asks for leaves, so that a crash
/// loses nothing but an answer, and every request may go out again: the server registers a key once.
package struct Upload: Hashable, Sendable {
    /// What is done next.
    package enum Step: String, Hashable, Sendable {
        /// Nothing of it is on the server: it needs a key.
        case waiting
        /// The bytes go to the key's address.
        case putting
        /// The bytes are there, as far as is known: the record is made.
        case registering
        /// The key is registered: its record is looked for.
        case finding
        /// The record's bytes aren't those that were sent: it is deleted.
        case replacing
    }

    /// What is done next.
    package var step: Step
    /// Whether the bytes go in parts.
    package var isInParts: Bool
    /// The key that it has; nil while it waits for one.
    package var key: UploadKey?
    /// Whether a registration of the key may ever have left this device.
    package var isMarked: Bool
    /// How often the storage has refused it while it took other files.
    package var refusals: Int
    /// How often in a row nothing was heard of its bytes.
    package var losses: Int
    /// How often its record had other bytes than were sent.
    package var mismatches: Int
    /// How often its record was looked for in vain.
    package var misses: Int
    /// The page of files that is looked through next.
    package var page: Int
    /// The record that is to be deleted.
    package var surplus: String?

    /// An upload.
    package init(
        _ step: Step = .waiting, isInParts: Bool = false, key: UploadKey? = nil, isMarked: Bool = false,
        refusals: Int = 0,
        losses: Int = 0, mismatches: Int = 0, misses: Int = 0, page: Int = 1, surplus: String? = nil
    ) {
        self.step = step
        self.isInParts = isInParts
        self.key = key
        self.isMarked = isMarked
        self.refusals = refusals
        self.losses = losses
        self.mismatches = mismatches
        self.misses = misses
        self.page = page
        self.surplus = surplus
    }

    /// After so many refusals by a storage that takes other files, it is the file's own fault.
    package static let mostRefusals = 5
    /// After so many losses in a row the address may be one that nobody listens at any more: the server has moved.
    package static let mostLosses = 5
    /// How often all parts are sent to one key.
    private static let mostRounds = 3
    /// How many files a page has, and how many pages are looked through.
    package static let (pageLimit, mostPages) = (100, 1_000)
    /// How long before its key a file can't have been registered, as clocks of a server's nodes may lie apart.
    private static let searchMargin: Int64 = 5 * 60 * 1_000

    /// What is asked next.
    package var request: UploadRequest {
        let first: UploadRequest = isInParts ? .begin : .presign
        guard let key else { return first }
        switch step {
        case .waiting: return first
        case .putting:
            guard let parts = key.parts else { return .put(key) }
            if parts.areThere { return .complete(key) }
            return parts.address == nil ? .address(key) : .putPart(key)
        case .registering: return .register(key)
        case .finding: return key.fileID.map { .read(fileID: $0, key) } ?? .search(page: page, key)
        case .replacing: return surplus.map { .delete(fileID: $0) } ?? first
        }
    }

    // MARK: What the app does

    /// The app wants another visibility than the key was asked for with: as long as nothing can have been registered
    /// there is another key. A storage may show a file as soon as its bytes are there.
    package mutating func adjust(toVisibility visibility: String) {
        guard step == .putting, !isMarked, let key, !key.visibility.hasSameBytes(as: visibility) else { return }
        beginAgain()
    }

    /// The app tries a dead letter again, or one of which nobody could say what became of it. A key is never dropped with
    /// that.
    package mutating func retry() {
        (refusals, losses, mismatches, misses, page) = (0, 0, 0, 0, 1)
    }

    /// The app gives other bytes. False where those that are here may be registered already.
    package mutating func replaceBytes(inParts isInParts: Bool = false) -> Bool {
        if isMarked { return false }
        beginAgain()
        self.isInParts = isInParts
        refusals = 0
        return true
    }

    // MARK: Answers

    /// Takes the answer to a request; nil for one that it doesn't ask (any more): of another key, for example.
    ///
    /// - Parameters:
    ///   - sha256: the digest of the bytes here.
    ///   - othersSucceed: whether the storage has taken other files since it refused this one first.
    package mutating func take(
        _ answer: UploadAnswer, to request: UploadRequest, sha256: String, othersSucceed: Bool,
        by rules: UploadRules = UploadRules()
    ) -> UploadOutcome? {
        guard request == self.request else { return nil }
        switch request {
        case .presign, .begin: return issued(answer)
        case .address: return addressed(answer)
        case .putPart: return putPart(answer, othersSucceed: othersSucceed)
        case .complete: return completed(answer)
        case .put: return put(answer, othersSucceed: othersSucceed)
        case .register(let key): return registered(answer, key, sha256: sha256, by: rules)
        case .read(_, let key): return read(answer, key, sha256: sha256, by: rules)
        case .search(_, let key): return searched(answer, key, sha256: sha256)
        case .delete: return deleted(answer)
        }
    }

    private mutating func issued(_ answer: UploadAnswer) -> UploadOutcome {
        switch answer {
        case .issued(let key):
            self.key = key
            step = .putting
            isMarked = false
            return .goesOn
        case .refused(let failure): return .failed(failure)
        // A server that takes no parts may take all at once, or says why not.
        case .noParts:
            isInParts = false
            return .goesOn
        default: return .waits
        }
    }

    private mutating func put(_ answer: UploadAnswer, othersSucceed: Bool) -> UploadOutcome {
        switch answer {
        case .stored:
            register()
            return .goesOn
        // A registration alone shows what stands there.
        case .taken:
            let isFirst = !isMarked
            register()
            return isFirst ? .goesOn : .waits
        case .expired(let failure):
            if let outcome = refuse(failure, othersSucceed: othersSucceed) { return outcome }
            leaveAddress()
            return .waits
        case .storageRefused(let failure):
            losses = 0
            return refuse(failure, othersSucceed: othersSucceed) ?? .waits
        case .bytesMissing(let failure): return .failed(failure)
        default:
            losses += 1
            if losses >= Self.mostLosses { leaveAddress() }
            return .waits
        }
    }

    /// Takes the answer to the question for a part's address.
    private mutating func addressed(_ answer: UploadAnswer) -> UploadOutcome {
        switch answer {
        case .address(let url):
            key?.parts?.address = url
            // Without its query it is the address of all bytes, as that of a PUT in one piece (rest-api.md §9).
            if key?.url.isEmpty == true { key?.url = url }
            return .goesOn
        // The server takes no parts for this key any more: it has them all, or has let go of them.
        case .refused(let failure): return leaveParts(failure)
        case .missing: return leaveParts(Self.noUpload)
        default: return .waits
        }
    }

    private mutating func leaveParts(_ failure: EntryFailure) -> UploadOutcome {
        if !isMarked {
            refusals += 1
            if refusals >= Self.mostRefusals { return .failed(failure) }
        }
        leaveAddress()
        return .waits
    }

    private mutating func putPart(_ answer: UploadAnswer, othersSucceed: Bool) -> UploadOutcome {
        switch answer {
        case .stored(let tag):
            key?.parts?.tags.append(tag)
            key?.parts?.address = nil
            (losses, refusals) = (0, 0)
            return .goesOn
        // A registration alone shows what stands there.
        case .taken:
            register()
            return .waits
        case .expired(let failure):
            losses = 0
            key?.parts?.address = nil
            return refuse(failure, othersSucceed: othersSucceed) ?? .waits
        case .storageRefused(let failure):
            losses = 0
            return refuse(failure, othersSucceed: othersSucceed) ?? .waits
        case .bytesMissing(let failure): return .failed(failure)
        default:
            losses += 1
            // The server may have moved.
            if losses >= Self.mostLosses {
                losses = 0
                key?.parts?.address = nil
            }
            return .waits
        }
    }

    private mutating func completed(_ answer: UploadAnswer) -> UploadOutcome {
        switch answer {
        // Where it is refused, an earlier one may have done it: the registration decides.
        case .completed, .refused, .missing, .exists:
            register()
            return .goesOn
        default: return .waits
        }
    }

    /// The storage has no bytes for a key that may be registered: they are sent to the same key again. Parts that don't
    /// make a file, again and again, never will.
    private mutating func putAgain() -> UploadOutcome {
        step = .putting
        guard key?.parts != nil else { return .waits }
        key?.parts?.beginAgain()
        mismatches += 1
        return mismatches >= Self.mostRounds ? .failed(Self.noFile) : .waits
    }

    /// The address is of no use. Of a key that may be registered only the server can say what became of it.
    private mutating func leaveAddress() {
        losses = 0
        if isMarked { step = .registering } else { beginAgain() }
    }

    /// Counts a refusal by the storage; the outcome where it was the last one.
    private mutating func refuse(_ failure: EntryFailure, othersSucceed: Bool) -> UploadOutcome? {
        guard othersSucceed else { return nil }
        refusals += 1
        return refusals >= Self.mostRefusals ? .failed(failure) : nil
    }

    private mutating func registered(
        _ answer: UploadAnswer, _ key: UploadKey, sha256: String, by rules: UploadRules
    ) -> UploadOutcome {
        switch answer {
        case .record(let file): return found(file, key, sha256: sha256) ?? .waits
        case .exists:
            step = .finding
            return .goesOn
        case .nothingStored(let date):
            if rules.mayGiveUp(key, date) {
                beginAgain()
                return .waits
            }
            return putAgain()
        case .unknownKey(let date):
            // Parts may come for days, but not for a key that the server has closed. Only a node that lags behind says so
            // of one that isn't.
            var key = key
            if key.parts != nil { key.life = UploadKey.usualLife }
            if rules.mayGiveUp(key, date) { beginAgain() }
            return .waits
        case .refused(let failure): return .failed(failure)
        default: return .waits
        }
    }

    private mutating func read(
        _ answer: UploadAnswer, _ key: UploadKey, sha256: String, by rules: UploadRules
    ) -> UploadOutcome {
        switch answer {
        case .record(let file):
            if let outcome = found(file, key, sha256: sha256) { return outcome }
            // The id is another file's: the key alone tells.
            self.key?.fileID = nil
            return .goesOn
        case .missing:
            misses += 1
            return rules.isDeleted(misses) ? .deletedElsewhere : .waits
        case .refused(let failure): return .unresolved(failure)
        default: return .waits
        }
    }

    private mutating func searched(_ answer: UploadAnswer, _ key: UploadKey, sha256: String) -> UploadOutcome {
        switch answer {
        case .page(let files, let isLast):
            for file in files { if let outcome = found(file, key, sha256: sha256) { return outcome } }
            // Files that come meanwhile push others to later pages, which doesn't hide any; one that is deleted meanwhile
            // may: therefore all is looked through twice.
            let isPast = files.last.map { isBefore($0, key) } ?? true
            if !isLast, !isPast, page < Self.mostPages {
                page += 1
                return .goesOn
            }
            misses += 1
            page = 1
            if misses < 2 { return .waits }
            return .unresolved(
                EntryFailure(
                    code: "unresolved",
                    message: "the server has taken the file's key and shows no file that has it"))
        case .refused(let failure): return .unresolved(failure)
        default: return .waits
        }
    }

    private func isBefore(_ file: UploadedFile, _ key: UploadKey) -> Bool {
        guard let created = file.createdAt, let issued = key.issuedAt else { return false }
        return created.milliseconds < issued.milliseconds - Self.searchMargin
    }

    private mutating func deleted(_ answer: UploadAnswer) -> UploadOutcome {
        switch answer {
        case .deleted, .missing:
            beginAgain()
            return mismatches > 1 ? .failed(Self.damaged) : .goesOn
        case .refused(let failure): return .failed(failure)
        default: return .waits
        }
    }

    // MARK: Steps

    /// A record that the server shows; nil where it isn't this upload's.
    private mutating func found(_ file: UploadedFile, _ key: UploadKey, sha256: String) -> UploadOutcome? {
        guard file.key.hasSameBytes(as: key.key) else { return nil }
        guard let stored = file.sha256, !stored.lowercased().hasSameBytes(as: sha256) else { return .done(file) }
        mismatches += 1
        surplus = file.id
        step = .replacing
        return .goesOn
    }

    private mutating func register() {
        step = .registering
        isMarked = true
        losses = 0
    }

    /// Nothing can come of the key: it is as if there had been none.
    private mutating func beginAgain() {
        step = .waiting
        key = nil
        isMarked = false
        (losses, misses, page, surplus) = (0, 0, 1, nil)
    }

    private static let noUpload = EntryFailure(
        code: "file/not-found", message: "the server doesn't know the upload that it has begun", status: 404)
    private static let noFile = EntryFailure(
        code: "partsRefused", message: "the server has all parts of the file, and doesn't make a file of them")
    private static let damaged = EntryFailure(
        code: "damaged", message: "the server has stored other bytes than were sent, twice")
}
