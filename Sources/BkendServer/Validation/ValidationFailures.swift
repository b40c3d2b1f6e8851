import BkendWire

/// What is wrong with the records of one request: all of it is counted, and as much is kept as an answer may list.
struct ValidationFailures {
    /// The first failures, in the order of the records and of the schema; empty where they are passed on.
    private(set) var details: [ErrorBody.Detail] = []
    /// How many there are.
    private(set) var count = 0
    private let pass: ((ErrorBody.Detail) -> Void)?

    /// Keeps the first of them.
    init() { pass = nil }

    /// Keeps none and passes on each as it is found, so that any number takes no memory.
    init(passingTo pass: @escaping (ErrorBody.Detail) -> Void) { self.pass = pass }

    /// Whether there are none.
    var isEmpty: Bool { count == 0 }

    /// How many there are beside those that were kept.
    var omitted: Int { count - details.count }

    /// Adds one. What nobody will read isn't put into words.
    mutating func add(_ detail: @autoclosure () -> ErrorBody.Detail) {
        count += 1
        if let pass {
            pass(detail())
        } else if details.count < ErrorBody.mostDetails {
            details.append(detail())
        }
    }
}

extension ErrorBody {
    /// The answer to records that break rules, nil when they break none.
    init?(_ failures: ValidationFailures) {
        if failures.isEmpty { return nil }
        let message = failures.details.prefix(3).map(\.message).joined(separator: "; ")
        let more = failures.count > 3 ? "; and \(failures.count - 3) more" : ""
        self.init(.validationError, message + more, details: failures.details, omittedDetails: failures.omitted)
    }
}
