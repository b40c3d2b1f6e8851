import Bkend

extension Quickstart {
    /// Makes an account and keeps all its notes on the first device.
    func openingPhone(_ url: String, _ key: String, _ narrator: inout Narrator) async throws -> Device {
        narrator.step("Noor signs up on her phone, which keeps her notes from now on")
        narrator.code("try await client.accounts.signUp(email: \"noor@example.com\", password: …, name: \"Noor\")")
        narrator.code("let store = try await client.openLocalStore(at: folder)")
        let phone = try await Device.open(folder + "/phone", url: url, key: key, isNew: true)
        narrator.code("try await store.subscribe(to: store.table(Note.self))")
        try await phone.store.subscribe(to: phone.notes)
        narrator.code("try await store.sync.start()")
        try await phone.store.sync.start()
        let status = await phone.store.sync.settled()
        narrator.say(
            "the subscription is \(status.subscriptions.first?.phase == .current ? "complete" : "not complete")")
        try narrator.expect(status.subscriptions.first?.phase == .current, "an empty table is read at once")
        try narrator.expect(phone.store.userID == (try await phone.client.accounts.me()).id, "the store is Noor's")
        return phone
    }

    /// The REST API itself: typed records, filters that the compiler checks, errors that name their field.
    func online(_ phone: Device, _ narrator: inout Narrator) async throws {
        let remote = phone.client.table(Note.self)
        narrator.step("Straight to the server, too: filters are checked by the compiler, mistakes are named")
        narrator.code("client.table(Note.self).createAll([…])   // all of them or none")
        try await remote.createAll([
            Note(title: "Repairing a bicycle chain", tags: ["bicycle"], minutes: 4),
            Note(title: "A bicycle for two continents", tags: ["bicycle", "travel"], minutes: 12),
        ])
        narrator.code("remote.where { $0.tags.contains(\"bicycle\") && $0.minutes < 10 }.page()")
        let found = try await remote.where { $0.tags.contains("bicycle") && $0.minutes < 10 }.page()
        for note in found.records { narrator.say("\"\(note.title)\", \(note.minutes) min") }
        try narrator.expect(found.records.map(\.title) == ["Repairing a bicycle chain"], "one is short")
        do {
            _ = try await remote.create(Note(title: "", minutes: 0))
            try narrator.expect(false, "a record that breaks its schema is refused")
        } catch let error as BkendError {
            guard case .server(let body) = error.reason else { throw error }
            for detail in body.details { narrator.say("\(detail.field): \(detail.message)") }
            try narrator.expect(Set(body.details.map(\.field)) == ["title", "minutes"], "every mistake is named")
        }
        try await phone.shows("the phone has both notes") { $0.count == 2 }
        narrator.say("both notes are on the phone as well")
    }

    /// Stops the server and writes.
    func writingOffline(
        _ phone: Device, stopping server: ServerProcess, _ narrator: inout Narrator
    ) async throws -> Record<Note> {
        narrator.step("The server is stopped. Noor writes on")
        try narrator.expect(server.stop() == 0, "the server finishes what it is doing and ends with status 0")
        narrator.code("let note = try await notes.create(Note(title: \"Winter bread\", …))")
        let note = try await phone.notes.create(Note(title: "Winter bread", text: "Let it rise.", tags: ["food"]))
        narrator.code("try await notes.update(note.id) { $0.minutes = 7 }")
        try await phone.notes.update(note.id) { $0.minutes = 7 }
        narrator.code("notes.where { $0.tags.contains(\"food\") || $0.minutes > 10 }.order(by: \\.title).fetch()")
        let found = try await phone.notes.where { $0.tags.contains("food") || $0.minutes > 10 }.order(by: \.title)
            .fetch()
        for note in found { narrator.say("\"\(note.title)\" is \(word(note.syncState))") }
        try narrator.expect(
            found.map(\.syncState) == [.synced, .pending], "the new note is pending, the old one isn't")
        try narrator.expect(found.last?.minutes == 7, "what was written is what is read")
        try narrator.expect(try await phone.store.outbox.counts().total > 0, "the outbox holds what was written")
        return note
    }

    /// The server is there again.
    func confirming(_ note: Record<Note>, on phone: Device, _ narrator: inout Narrator) async throws {
        narrator.step("The server is back")
        narrator.code("await store.sync.syncNow()   // or wait: it comes by itself")
        narrator.code("let confirmed = try await note.confirmed()")
        let confirmed = try await Deadline.run("the note is confirmed") {
            await phone.store.sync.syncNow()
            return try await note.confirmed()
        }
        narrator.say("\"\(confirmed.title)\" is confirmed: the server calls it \(confirmed.id)")
        let remote = try await phone.client.table(Note.self).where { $0.title == "Winter bread" }.page()
        try narrator.expect(remote.records.map(\.id) == [confirmed.id], "it is there once, whatever was lost meanwhile")
        try narrator.expect(remote.records.first?.minutes == 7, "and complete")
        let again = try await phone.notes.get(note.id)
        try narrator.expect(again?.id == confirmed.id, "the id that it had at first still finds it")
    }

    func word(_ state: SyncState) -> String {
        switch state {
        case .synced: "confirmed"
        case .pending: "pending"
        case .failed: "rejected"
        case .unresolved: "unresolved"
        }
    }
}
