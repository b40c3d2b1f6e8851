import BkendSync
import BkendWire

/// Forms and counters: writes on what the app saw earlier, and writes that are sums.
extension Simulation {
    /// The app shows a record in a form.
    func openForm(_ device: SimulatedDevice, _ random: inout SyncRandom) {
        // Mostly the newest: those are what others write as well.
        let keys = device.observer.keys.filter { $0.table == "notes" }.suffix(8)
        guard !keys.isEmpty else { return }
        let key = random.one(of: Array(keys))
        guard let seen = device.observer.shown[key] else { return }
        world.note("d\(device.number) app: shows \(key.table)/\(key.id) in a form")
        device.form = (key, seen)
    }

    /// The form is saved, whatever has become of the record meanwhile.
    func saveForm(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        guard let (key, seen) = device.form else { return }
        device.form = nil
        var fields: JSONObject = ["title": .string("F\(random.number(0...99))")]
        if random.hits(0.3) { fields["count"] = .int(Int64(random.number(0...9))) }
        try world.act(device, "saves the form of \(key.table)/\(key.id) \(fields)") {
            try world.update(key, fields, on: device, in: $0, seen: seen)
        }
    }

    /// The app adds to a counter.
    func increment(_ device: SimulatedDevice, _ random: inout SyncRandom) throws {
        let keys = device.observer.keys.filter { $0.table == "counters" }
        guard !keys.isEmpty else { return }
        let key = random.one(of: keys)
        let step = Int64(random.number(1...3))
        var added: Int64 = 0
        let isAdded = try world.act(device, "adds \(step) to \(key.table)/\(key.id)") { transaction in
            guard let text = try transaction.documents.document(key.table, key.id),
                let count = try JSON(parsing: text.bytes)["count"]?.intValue
            else { return false }
            // It counts from here on: the engine may be told before this returns.
            added = step
            world.applied.added[key, default: 0] += added
            try world.update(key, ["count": .int(count + step)], on: device, in: transaction)
            return true
        }
        // What was refused was not added.
        if isAdded == nil { world.applied.added[key, default: 0] -= added }
    }
}
