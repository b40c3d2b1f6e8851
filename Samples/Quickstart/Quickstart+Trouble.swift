import Bkend

extension Quickstart {
    /// The same field of the same note, changed on two devices.
    func conflict(
        _ phone: Device, _ laptop: Device, _ note: Record<Note>, _ narrator: inout Narrator
    ) async throws {
        narrator.step("Noor's laptop has a store of its own. She changes the same text on both")
        narrator.code("try await store.subscribe(to: notes, conflicts: .merge { … })   // on the laptop: keep both")
        try await laptop.store.subscribe(
            to: laptop.notes,
            conflicts: .merge { conflict in
                let texts = [conflict.theirs?.stringValue, conflict.mine.stringValue].compactMap(\.self)
                return .string(texts.joined(separator: " "))
            })
        try await laptop.store.sync.start()
        try await laptop.shows("the laptop has all notes") { $0.count == 3 }
        guard let id = try await phone.notes.get(note.id)?.id else {
            throw ServerProcess.Failure(description: "not as promised: the phone still has the note")
        }
        await laptop.store.sync.pause()
        try await laptop.notes.update(id) { $0.text = "Overnight, on the fridge." }
        try await phone.notes.update(id) { $0.text = "Let it rise for a night." }
        try await Deadline.run("the phone's text is confirmed") {
            _ = try await phone.notes.get(id)?.confirmed()
        }
        await laptop.store.sync.resume()
        let text = "Let it rise for a night. Overnight, on the fridge."
        for device in [laptop, phone] {
            try await device.shows("both devices say the same") {
                $0.contains { $0.text == text && $0.syncState == .synced }
            }
        }
        let reports = try await laptop.store.outbox.reports()
        for report in reports {
            narrator.say("\(report.kind) about \"\(report.detail["field"]?.stringValue ?? "")\":")
            narrator.say("  here \(report.detail["mine"] ?? .null), on the server \(report.detail["theirs"] ?? .null)")
            try await laptop.store.outbox.acknowledge(report.id)
        }
        narrator.say("resolved, on both devices: \"\(text)\"")
        try narrator.expect(reports.map(\.kind) == ["conflict"], "the conflict is reported once")
        try narrator.expect(try await laptop.store.outbox.counts().total == 0, "nothing waits")
    }

    /// A write that the server rejects.
    func deadLetter(_ phone: Device, _ narrator: inout Narrator) async throws {
        narrator.step("A write that the server rejects stops nothing else, and can be mended")
        narrator.code("try await notes.create(Note(title: \"\"))")
        let note = try await phone.notes.create(Note(title: ""))
        let other = try await phone.notes.create(Note(title: "Soup for twenty guests"))
        _ = try await Deadline.run("the other note is confirmed") { try await other.confirmed() }
        narrator.say("\"\(other.title)\" is confirmed")
        let failure = try await Deadline.run("the server's word on the note without a title") {
            do {
                _ = try await note.confirmed()
                return EntryFailure?.none
            } catch let error as StoreError {
                guard case .rejected(let failure) = error.reason else { throw error }
                return failure
            }
        }
        try narrator.expect(failure != nil, "a note without a title is rejected")
        let letters = try await phone.store.outbox.deadLetters()
        try narrator.expect(letters.map(\.record) == [note.id], "the note is the only dead letter")
        for letter in letters {
            narrator.say("dead letter: \(letter.kind.rawValue) in \(letter.table)")
            narrator.say("  why: \(letter.failure?.message ?? "")")
            narrator.say("  what to do: \(letter.advice ?? "")")
            narrator.code("try await store.outbox.edit(letter.id, set: [\"title\": \"No longer empty\"])")
            try await phone.store.outbox.edit(letter.id, set: ["title": "No longer empty"])
            narrator.code("try await store.outbox.retry(letter.id)")
            try await phone.store.outbox.retry(letter.id)
        }
        let confirmed = try await Deadline.run("the mended note is confirmed") { try await note.confirmed() }
        narrator.say("\"\(confirmed.title)\" is confirmed")
        try narrator.expect(try await phone.store.outbox.counts().total == 0, "the outbox is empty")
        let count = try await phone.client.table(Note.self).count()
        try narrator.expect(count == 5, "the server has five notes")
    }
}
