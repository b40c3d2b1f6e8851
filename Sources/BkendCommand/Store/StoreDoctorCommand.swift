import ArgumentParser
import Bkend
import BkendWire

struct StoreDoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say of each waiting write why it waits, since when, and what would free it.",
        discussion: "Ends with status 1 if something needs to be done.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.run { store, output in
            let entries = try await store.outbox.entries()
            let isLed = store.isLed
            let diagnoses = Diagnosis.of(entries, isLed: isLed, isGuests: store.userID.isEmpty)
            var isWell = true
            switch try store.health {
            case .unsuspicious, .sound, .checking: break
            case let health:
                isWell = false
                output.line("the store: \(health.words)")
            }
            for (entry, diagnosis) in zip(entries, diagnoses) {
                if diagnosis.remedy != nil { isWell = false }
                if output.isJSON {
                    var json: JSONObject = [
                        "entry": .int(entry.id), "kind": .string(entry.kind.rawValue), "table": .string(entry.table),
                        "record": .string(entry.record), "state": .string(entry.state.rawValue),
                        "since": .string(entry.madeTimestamp.description), "reason": .string(diagnosis.reason),
                    ]
                    json["remedy"] = diagnosis.remedy.map(JSON.string)
                    output.json(.object(json))
                } else {
                    let place = RecordTable.shown("\(entry.kind.rawValue) of \(entry.table)/\(entry.record)")
                    output.line("#\(entry.id) \(place), since \(entry.madeTimestamp)")
                    output.line("  \(RecordTable.shown(diagnosis.reason))")
                    if let remedy = diagnosis.remedy { output.line("  → \(RecordTable.shown(remedy))") }
                }
            }
            let reports = try await store.outbox.counts().reports
            if reports > 0, !output.isJSON { output.line("\(reports) reports to read: see `bkend store reports`") }
            if entries.isEmpty, isWell, !output.isJSON { output.line("nothing waits for the server") }
            if !isWell { throw ExitCode(ExitStatus.failure.rawValue) }
        }
    }
}
