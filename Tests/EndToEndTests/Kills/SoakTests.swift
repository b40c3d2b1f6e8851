import BkendTesting
import Foundation
import Testing

/// Three apps that write at one server, for a long time: nothing of them grows. `make soak SECONDS=1800` does it for long,
/// `make test` for some seconds, which show that it works.
@Suite(.serialized, .timeLimit(.minutes(120))) struct SoakTests {
    private static let seconds =
        ProcessInfo.processInfo.environment["BKEND_SOAK_SECONDS"].flatMap(Int.init) ?? 6

    @Test("Memory, descriptors, logs and databases of three apps and a server stay as they are")
    func soak() async throws {
        let devices = ["one", "two", "three"]
        try await AppWorld.run(devices: devices) { place in
            let server = try await AppWorld.serve(place)
            defer { server.end() }
            for device in devices { try await place.world.start("\(device).1") }
            var sizes: [Sizes] = []
            let end = ContinuousClock.now.advanced(by: .seconds(Self.seconds))
            while ContinuousClock.now < end {
                // Time is what this is about; nothing is waited for.
                try await Task.sleep(for: .milliseconds(Self.seconds * 1_000 / 60))
                var processes = await place.world.processes
                processes["server"] = server.id
                sizes.append(Sizes(processes, in: place.folder))
            }
            try await place.world.judge(place.secret, "\(Self.seconds) seconds")
            Self.judge(sizes)
        }
    }

    /// The greatest of the last third is hardly more than the greatest of the third before.
    private static func judge(_ sizes: [Sizes]) {
        let third = sizes.count / 3
        for name in (sizes.last?.values ?? [:]).keys.sorted() {
            func greatest(_ part: ArraySlice<Sizes>) -> Int { part.compactMap { $0.values[name] }.max() ?? 0 }
            let (first, before, last) = (
                greatest(sizes[..<third]), greatest(sizes[third..<2 * third]), greatest(sizes[(2 * third)...])
            )
            print("\(name): \(first), \(before), \(last)")
            #expect(last > 0, "\(name)")
            // In some seconds everything is still growing to its size.
            guard seconds >= 300 else { continue }
            #expect(last <= before + before / 10 + Sizes.slack(name), "\(name): \(before), then \(last)")
        }
    }
}

/// What processes and their files take at a moment.
private struct Sizes {
    /// In KiB, or how many, by what it is.
    var values: [String: Int] = [:]

    init(_ processes: [String: Int32], in folder: URL) {
        for (name, process) in processes {
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            values["memory of \(name), KiB"] = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            values["descriptors of \(name)"] =
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"))?.count
        }
        let files = FileManager.default.enumerator(atPath: folder.path)
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".sqlite") || file.hasSuffix("-wal") else { continue }
            let size = try? FileManager.default.attributesOfItem(atPath: folder.path + "/" + file)[.size] as? Int
            values["\(file), KiB", default: 0] += (size ?? 0) / 1024
        }
    }

    /// How much more is no growth: of memory 4 MiB, of files 1 MiB, of descriptors 4.
    static func slack(_ name: String) -> Int {
        name.hasPrefix("memory") ? 4_096 : name.hasPrefix("descriptors") ? 4 : 1_024
    }
}
