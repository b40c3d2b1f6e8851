public import BkendSync

extension OutboxEntry {
    /// What the app or its user can do about a stuck entry; nil for an entry that isn't stuck.
    public var advice: String? {
        switch state {
        case .queued, .inFlight, .ambiguous: nil
        case .blocked:
            "resolve the entry that it waits for: an earlier write to its record, or the create of a record it refers to"
        case .unresolved: "check whether the server has the record; retry to create it again, or discard it here"
        case .failed: rejectionAdvice
        }
    }

    private var rejectionAdvice: String {
        switch (failure?.code, failure?.status) {
        case (EntryFailure.dependencyDiscarded, _): "remove the discarded record's id, then retry, or discard it"
        case (_, 400), (_, 415), (_, 422): "edit the fields that the reason names, then retry, or discard it"
        case (_, 401), (_, 403): "grant the user permission, then retry, or discard it"
        case (_, 409): "change the value that another record already has, then retry, or discard it"
        case (_, 413): "make the record smaller, then retry, or discard it"
        default: "edit it if the reason asks for that, then retry, or discard it"
        }
    }
}
