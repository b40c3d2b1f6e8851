import ArgumentParser
import CLoad
import Harness

/// Small GETs over loopback: `CurlTransport` against a bare libcurl loop, AsyncHTTPClient and URLSession.
@main
struct TransportBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transport",
        abstract: "Small GETs over loopback: CurlTransport against libcurl, AsyncHTTPClient and URLSession.",
        discussion: "The server is a process of its own that answers every request with the same 128 bytes.")

    @OptionGroup var options: ReportOptions
    @Option(help: "How many requests a batch has with 1 in flight.")
    var single = 3_000
    @Option(help: "How many requests a batch has with 32 in flight.")
    var many = 12_800

    @Option(help: "After how many seconds a batch that doesn't end ends the program.")
    var patience = 60

    func validate() throws {
        guard single > 0, patience > 0, many > 0, many.isMultiple(of: 32) else {
            throw ValidationError("--single is a number from 1, --many a multiple of 32, --patience from 1")
        }
    }

    func run() async throws {
        let target = try Target()
        let watchdog = Watchdog(limit: .seconds(patience))
        let report = Report("transport", options)
        try await compare(target, inFlight: 1, requests: single, goal: 0.6, watchdog, report)
        try await compare(target, inFlight: 32, requests: many, goal: 0.8, watchdog, report)
        report.note("peak memory of all clients together: \(ProcessFigures.own.peakMemory >> 20) MiB")
    }

    private func compare(
        _ target: Target, inFlight: Int, requests: Int, goal: Double, _ watchdog: Watchdog, _ report: Report
    ) async throws {
        let clients: [any Client] = [
            try CurlTransportClient(target), try BareLoop(target, inFlight: inFlight), AsyncHTTPClientClient(target),
            try URLSessionClient(target),
        ]
        let contenders = clients.map { client in
            Contender(client.name, operations: requests) {
                try await watchdog.watch("\(client.name), \(inFlight) in flight") {
                    try await client.get(requests, inFlight: inFlight)
                }
            }
        }
        let results = try await options.interleaving.measure(contenders)
        for client in clients { try await client.close() }
        for (place, goal) in [(1, goal), (2, 1), (3, 1)] {
            try report.add(
                Figure(
                    "transport", "GET, \(inFlight) in flight", results[0], against: results[place], kind: .speed,
                    goal: .atLeast(goal)))
        }
    }
}
