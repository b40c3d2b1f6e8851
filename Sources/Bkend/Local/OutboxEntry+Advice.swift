public import BkendSync

extension OutboxEntry {
    /// What an app or its user can do about an entry that is stuck; nil for one that goes its way.
    public var advice: String? {
        switch state {
        case .queued, .inFlight, .ambiguous: nil
        case .blocked:
            "it goes on when the entry that it waits for does: an earlier one of its record, or one that it names"
        case .unresolved: "see whether the server has the record; retry to create it again, or discard it here"
        case .failed: rejectionAdvice
        }
    }

    private var rejectionAdvice: String {
        switch (failure?.code, failure?.status) {
        case (EntryFailure.dependencyDiscarded, _): "edit the id of the discarded record out and retry, or discard it"
        case (_, 400), (_, 415), (_, 422): "edit the fields that the reason names and retry, or discard it"
        case (_, 401), (_, 403): "have its user given the permission and retry, or discard it"
        case (_, 409): "edit the value that another record has already and retry, or discard it"
        case (_, 413): "make the record smaller and retry, or discard it"
        default: "retry it, edit it first if the reason says so, or discard it"
        }
    }
}
