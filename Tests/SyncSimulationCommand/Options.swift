import Foundation

/// The command's arguments.
struct Options {
    /// What is to be done.
    enum Action {
        /// Run a range of seeds.
        case range
        /// Print the digest of each seed's run, one a line.
        case digests
        /// Print what happens.
        case trace
        /// Look for a seed that catches each planted fault.
        case plant
    }

    var action = Action.range
    var first: UInt64 = 1
    var count: UInt64 = 1_000
    var length = 200
    /// After how many failing seeds to end.
    var failures = 1
    var minutes: Double?
    var state: String?
    var fault: String?
    /// Whether to pass over the seeds without files.
    var onlyFiles = false
    var workers = ProcessInfo.processInfo.activeProcessorCount

    var seeds: Range<UInt64> { first..<(first + count) }

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            switch name {
            case "--digests": action = .digests
            case "--trace": action = .trace
            case "--plant": action = .plant
            case "--only-files": onlyFiles = true
            default:
                guard let value = rest.next() else { throw UsageError(argument: name) }
                try set(name, value)
            }
        }
    }

    private mutating func set(_ name: String, _ value: String) throws {
        switch (name, UInt64(value), Double(value)) {
        case ("--first", let number?, _): first = number
        case ("--seeds", let number?, _) where number > 0: count = number
        case ("--length", let number?, _) where number > 0: length = Int(number)
        case ("--workers", let number?, _) where number > 0: workers = Int(number)
        case ("--failures", let number?, _) where number > 0: failures = Int(number)
        case ("--minutes", _, let number?): minutes = number
        case ("--state", _, _): state = value
        case ("--fault", _, _): fault = value
        default: throw UsageError(argument: "\(name) \(value)")
        }
    }
}

/// An argument that isn't understood.
struct UsageError: Error, CustomStringConvertible {
    let argument: String

    var description: String {
        """
        simulate: \(argument) isn't understood.
        usage: simulate [--first N] [--seeds N] [--length N] [--workers N] [--minutes N] [--failures N]
                        [--state FILE] [--only-files] [--trace | --digests | --plant [--fault NAME]]
        """
    }
}
