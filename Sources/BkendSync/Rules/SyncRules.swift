import BkendWire

/// The rules that decide about data, each a pure function. The machines call them and hold no second copy, so that a
/// test can replace one and see the promise break that it keeps.
package struct SyncRules: Sendable {
    /// What became of a request.
    package var verdict: @Sendable (SyncRequest.Operation, SyncResponse) -> Verdict = Verdict.init
    /// What becomes of a create after its answer.
    package var createFate: @Sendable (Verdict) -> WriteFate = WriteFate.init(create:)
    /// Whether a row is the answer to a create: a broken proxy may give it another's.
    package var isAnswer: @Sendable (_ create: OutboxEntry, _ row: AnswerRow) -> Bool = CreateMatch.isAnswer
    /// What becomes of a row that should not be on the server.
    package var unwantedFate: @Sendable (UnwantedEvidence) -> UnwantedFate = \.fate
    /// What becomes of an update after its answer.
    package var updateFate: @Sendable (Verdict) -> WriteFate = WriteFate.init(update:)
    /// What becomes of a delete after its answer.
    package var deleteFate: @Sendable (Verdict) -> WriteFate = WriteFate.init(delete:)
    /// Whether a create without answer may go out again.
    package var mayResend: @Sendable (LookupEvidence) -> Bool = \.allowsResend
    /// What becomes of one changed field.
    package var merge: @Sendable (_ before: JSON?, _ mine: JSON, _ theirs: JSON?) -> FieldMerge = FieldMerge.decide
    /// The store's mark that a page is taken to have been asked for at: rows of records answered later are set aside.
    package var askedAt: @Sendable (_ mark: Int64) -> Int64? = { $0 }
    /// Whether a member that a complete, successful answer doesn't show has left.
    package var hasLeft: @Sendable (AbsenceEvidence) -> Bool = \.hasLeft
    /// Whether so many rows may go without a second look.
    package var isMassRemoval: @Sendable (_ leaving: Int, _ members: Int, _ floor: Int) -> Bool = {
        leaving, members, floor in
        leaving >= floor && leaving * 2 > members
    }
    /// Where a pull begins to read, from the cursor and the server's time at the last complete round.
    package var lowerBound: @Sendable (_ cursor: String, _ drainedAt: Timestamp?, _ overlap: Duration) -> String =
        PullCursor.lowerBound
    /// The cursor after a page: the largest `updatedAt` of its rows that were applied.
    package var cursor: @Sendable (_ cursor: String?, _ rows: [AnswerRow]) -> String? = PullCursor.advanced
    /// What keeps an upload from becoming two files.
    package var uploads = UploadRules()
    /// Whether an entry of that user may be sent now.
    package var maySend: @Sendable (_ entry: String, _ session: String?, _ owner: String) -> Bool = {
        $0.hasSameBytes(as: $2) && ($1?.hasSameBytes(as: $0) ?? false)
    }

    /// The shipped rules.
    package init() {}
}

/// What becomes of a write after its answer.
package enum WriteFate: Sendable, Hashable {
    /// Done; for a create and an update the record as the server holds it.
    case applied(AnswerRow?)
    /// Certain that nothing was done: send it again, later.
    case again
    /// Certain that nothing was done: refresh the session, then send it again.
    case refresh
    /// It may have been applied: look before anything else.
    case ambiguous
    /// Refused as a duplicate, perhaps of itself: look it up by its client key, then adopt or reject.
    case duplicate(ErrorBody)
    /// There is no such record.
    case gone
    /// A dead letter.
    case rejected(ErrorBody)
    /// A dead letter, unless others are refused in the same way.
    case denied(ErrorBody)
    /// Not its own fault: nothing is sent to the table for a while.
    case tablePaused(ErrorBody)
    /// Not its own fault: nothing is sent for a while.
    case enginePaused(ErrorBody)
    /// The performer didn't send it.
    case refused(SendRefusal)
}

extension WriteFate {
    /// A create. Everything but a proper success or a bkend server's own refusal is ambiguous.
    package init(create verdict: Verdict) {
        switch verdict {
        case .done(.record(let row)): self = .applied(row)
        case .rejected(let error) where error.status == 409: self = .duplicate(error)
        case .done, .missing, .serverFailed, .foreign, .lost: self = .ambiguous
        case .rejected(let error): self = .rejected(error)
        default: self = Self.common(verdict)
        }
    }

    /// An update. Its own id makes a second copy harmless to find, but only by reading first.
    package init(update verdict: Verdict) {
        switch verdict {
        case .done(.record(let row)): self = .applied(row)
        case .missing: self = .gone
        case .done, .serverFailed, .foreign, .lost: self = .ambiguous
        default: self = Self.common(verdict)
        }
    }

    /// A delete. Ids are never used again, so a record that is gone was deleted.
    package init(delete verdict: Verdict) {
        switch verdict {
        case .done(.deleted): self = .applied(nil)
        case .missing: self = .gone
        case .done, .serverFailed, .foreign, .lost: self = .ambiguous
        default: self = Self.common(verdict)
        }
    }

    private static func common(_ verdict: Verdict) -> WriteFate {
        switch verdict {
        case .rejected(let error), .pageTooLarge(let error): .rejected(error)
        case .denied(let error): .denied(error)
        case .unauthorized: .refresh
        case .tooMany, .notSent, .tooLong: .again
        case .tableRefused(let error): .tablePaused(error)
        case .engineRefused(let error): .enginePaused(error)
        case .refused(let refusal): .refused(refusal)
        case .done, .missing, .serverFailed, .foreign, .lost, .storage, .bytes: .ambiguous
        }
    }
}

/// What is known when a lookup by client key found nothing.
package struct LookupEvidence: Sendable, Hashable {
    /// The time from the loss of the answer to the sending of the lookup.
    package var waited: Duration
    /// How long a server may still work at a request.
    package var serverTimeout: Duration

    /// What is known.
    package init(waited: Duration, serverTimeout: Duration) {
        self.waited = waited
        self.serverTimeout = serverTimeout
    }

    /// The server can't be at it any more.
    package var allowsResend: Bool { waited > serverTimeout }
}

/// What is known of a member that a valid page doesn't show.
package struct AbsenceEvidence: Sendable, Hashable {
    /// Whether the record was written, created or deleted by us at any time since the answer was asked for.
    package var wasTouched: Bool

    /// What is known.
    package init(wasTouched: Bool) { self.wasTouched = wasTouched }

    /// The shipped rule.
    package var hasLeft: Bool { !wasTouched }
}
