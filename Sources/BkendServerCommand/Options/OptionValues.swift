import ArgumentParser
import BkendAccounts

/// A limit of a rate, or none.
struct RateOption: ExpressibleByArgument {
    /// The limit, nil for none.
    let limit: RateLimit?

    static func limit(_ count: Int, perSeconds seconds: Int) -> RateOption {
        RateOption(limit: RateLimit(count, perSeconds: seconds))
    }

    private init(limit: RateLimit?) { self.limit = limit }

    init?(argument: String) {
        if argument == "off" {
            limit = nil
        } else {
            guard let limit = RateLimit(argument) else { return nil }
            self.limit = limit
        }
    }

    var defaultValueDescription: String { limit?.description ?? "off" }
}

/// A number of bytes: `1048576`, `512K`, `10M`, `2G`.
struct SizeOption: ExpressibleByArgument {
    let bytes: Int

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = argument.last.flatMap { units[$0] }
        guard let count = Int(unit == nil ? argument : String(argument.dropLast())), count > 0 else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflows else { return nil }
        self.bytes = bytes
    }

    var defaultValueDescription: String {
        bytes.isMultiple(of: 1 << 20)
            ? "\(bytes >> 20)M" : bytes.isMultiple(of: 1 << 10) ? "\(bytes >> 10)K" : "\(bytes)"
    }
}
