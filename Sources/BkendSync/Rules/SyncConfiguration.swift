/// The engine's numbers and policies; what of them an app may set is in `SyncOptions`.
package struct SyncConfiguration: Sendable {
    /// How many lanes are on their way side by side; 1 sends everything in strict order.
    package var lanes = 8
    /// How long a request may take.
    package var requestDeadline = Duration.seconds(30)
    /// How long a server may go on working at a request whose answer was lost; longer than its own time-out.
    package var serverTimeout = Duration.seconds(60)
    /// How long after a lost answer no server can be working at the request any more.
    package var serverDoneAfter: Duration { serverTimeout + .seconds(1) }
    /// How long after a request's deadline its answer counts as lost, though the sender hasn't said so.
    package var deadlineMargin = Duration.seconds(5)
    /// The shortest time between two polls of a subscription.
    package var pollFloor = Duration.seconds(5)
    /// The longest time between two polls of a subscription.
    package var pollCeiling = Duration.seconds(60)
    /// The greatest part of the time between two polls by which it varies, so that devices don't poll together.
    package var pollJitter = 0.1
    /// How many polls pass from one that asks a second question to the next.
    package var pollsPerSecondQuestion = 2
    /// Which files are sent by themselves.
    package var uploads = UploadPolicy.always
    /// For how many bytes of a file its request may take a second longer than others.
    package var slowestTransfer: Int64 = 1_024
    /// How many files are fetched side by side.
    package var parallelDownloads = 3
    /// The most bytes of a file that are asked for at once: what is lost if the app ends meanwhile.
    package var downloadPiece: Int64 = 8 << 20
    /// How long a local write waits for more before it is sent.
    package var debounce = Duration.milliseconds(50)
    /// How many entries are looked at for each lane, to find those that may be sent.
    package var candidatesPerLane = 4
    /// How long a record's copy counts once it was read, and how long it counts that this user may not read it.
    package var copyLifetime = Duration.seconds(10)
    /// The most creates whose keys are looked up in one list.
    package var keysPerLookup = 20
    /// How often a table's spec is asked for before creates of the table are sent without it.
    package var specAttempts = 2
    /// The overlap of pulls: how far a server's nodes and clocks may lie apart, in seconds.
    package var overlap = Duration.seconds(30)
    /// The longest wait between attempts.
    package var backoffCeiling = Duration.seconds(60)
    /// The longest `Retry-After` obeyed in full.
    package var retryAfterCeiling = Duration.seconds(60)
    /// How many refusals in a row of a token that should be valid a session survives.
    package var sessionRefusals = 3
    /// The back-off step after a refresh that didn't reach the server.
    package var refreshAttempt = 2
    /// How long an engine waits for the lead before it tries to take it again.
    package var candidacyInterval = Duration.seconds(2)
    /// How often everything is compared, though no sign asks for it.
    package var fullComparisonInterval = Duration.seconds(24 * 3_600)
    /// The most bytes of a URL.
    package var urlLimit = 8_192
    /// The most rows of a page (rest-api.md §4).
    package var pageLimit = 100
    /// The rows of one range of a first pull.
    package var rangeSize = 5_000
    /// How many ranges of a first pull are read side by side: as many connections as browsers open to one host.
    package var parallelRanges = 6
    /// How many refusals in a row, of different records, pause a table.
    package var refusalsBeforePause = 3
    /// How long a guest's writes that the server doesn't permit wait for another try; the half of it at least. A
    /// permission seldom changes, and the guest can sign in at any time, which sends them at once.
    package var guestProbe = Duration.seconds(900)
    /// How often a comparison begins anew on a table that changes meanwhile, before it waits for the next poll.
    package var comparisonAttempts = 3
    /// How often rows that were set aside are read again before the cursor passes them.
    package var rereadAttempts = 6
    /// How many of the newest records here a comparison looks at for one that the server shows in an older state.
    package var newestCompared = 5
    /// When most rows of a subscription, and at least this many, would go at once, the server is asked again first.
    package var secondLookFloor = 2
    /// When most rows, and at least this many, go, it is reported before they do.
    package var massRemovalFloor = 20
    /// What happens to so many once the second answer is the same.
    package var massRemoval = MassRemoval.afterSecondLook
    /// What a conflict comes to; see `SyncPolicies`.
    package var policies = SyncPolicies()
    /// The server and key that the store is synced with, as one text without secrets (an address and a fingerprint).
    package var server: String

    /// The server's address.
    var address: String { String(server.prefix { $0 != " " }) }

    /// A configuration.
    package init(server: String) { self.server = server }
}

/// Which of the files that wait are sent without being asked.
public enum UploadPolicy: Sendable, Hashable {
    /// All of them.
    case always
    /// Those of up to so many bytes. Larger ones wait for `LocalSync.uploadNow()`.
    case upTo(bytes: Int64)
    /// None: all wait for `LocalSync.uploadNow()`.
    case whenTold
}

/// What happens if most rows of a subscription are gone.
public enum MassRemoval: Sendable, Hashable {
    /// The rows are removed once a second check, one poll later, confirms it.
    case afterSecondLook
    /// The rows stay until the app confirms their removal.
    case afterWord
}
