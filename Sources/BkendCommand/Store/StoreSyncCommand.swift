import ArgumentParser
import Bkend
import BkendSync
import BkendWire
import Foundation

struct StoreSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Send what waits in an app's local store, and bring it up to date.",
        discussion: """
            The store's user signs in with 'bkend login' first; a guest's store needs nobody. While the app runs, it \
            synchronises the store itself, and the command only says so. The app's own rules for conflicts are part of \
            the app: here --conflicts decides about all of them, and each is reported as usual.
            """)

    /// What becomes of a field that was changed on both sides.
    enum Winner: String, ExpressibleByArgument, CaseIterable {
        case client, server
    }

    @Argument(help: "The app's folder for its local stores.")
    var folder: String
    @Option(help: "The store's name.")
    var name = "main"
    @Option(help: "Whose value stays if a field was changed on both sides: client or server.")
    var conflicts = Winner.client
    @Option(help: ArgumentHelp("How many seconds the command may take.", valueName: "seconds"))
    var timeout = 60
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is from 1 to 86400 seconds") }
    }

    func run() async throws {
        try await connection.run { client, output in
            let user = try await client.accounts.currentUserID() ?? ""
            try await check(user)
            let store = try await client.openLocalStore(at: URL(filePath: folder), name: name)
            do { try await synchronise(store, output) } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    /// Only a store that is there, of the user who is signed in, and that no process synchronises: opening another one
    /// would make it.
    private func check(_ user: String) async throws {
        let store: LocalStore
        do { store = try await LocalStore.inspecting(folder, name: name, owner: user) } catch {
            guard case .unusable = error.reason, let other = try? await LocalStore.inspecting(folder, name: name) else {
                throw error
            }
            await other.close()
            let whose = user.isEmpty ? "nobody is signed in" : "user \(user) is signed in"
            throw CommandFailure("\(whose), and the store is another user's; use 'bkend login'", .denied)
        }
        let isLed = store.isLed
        await store.close()
        if isLed {
            throw CommandFailure("another process synchronises the store now; nothing was done", .later)
        }
    }

    private func synchronise(_ store: LocalStore, _ output: Output) async throws {
        var options = SyncOptions()
        options.conflicts = conflicts == .client ? .clientWins : .serverWins
        let before = try await store.outbox.counts()
        let known = Set(try await store.outbox.reports().map(\.id))
        try await store.sync.start(options)
        let status = await store.sync.settled(within: .seconds(timeout))
        let counts = try await store.outbox.counts()
        let reports = try await store.outbox.reports().filter { !known.contains($0.id) }.count
        let waiting = counts.queued + counts.sending + counts.blocked
        output.record([
            "sent": .int(Int64(max(0, before.total - counts.total))), "waiting": .int(Int64(waiting)),
            "failed": .int(Int64(counts.failed)), "unresolved": .int(Int64(counts.unresolved)),
            "newReports": .int(Int64(reports)),
        ])
        if status.state == .offline { throw CommandFailure("the server can't be reached", .unavailable) }
        if status.state == .signedOut {
            throw CommandFailure("the session has ended; use 'bkend login'", .denied)
        }
        if waiting > 0 || !status.subscriptions.allSatisfy(\.isUpToDate) {
            let why = status.lastError.map { ": \(RecordTable.shown("\($0)"))" } ?? ""
            throw CommandFailure("not everything is done\(why); see 'bkend store doctor'")
        }
        if counts.failed + counts.unresolved > 0 {
            throw CommandFailure("some writes need a decision; see 'bkend store doctor'")
        }
    }
}
