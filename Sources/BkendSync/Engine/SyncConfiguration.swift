/// What an app may set.
package struct SyncConfiguration: Sendable {
    /// How many lanes are on their way side by side; 1 sends everything in strict order.
    package var lanes = 8
    /// How long a request may take.
    package var requestDeadline = Duration.seconds(30)
    /// How long a server may go on working at a request whose answer was lost; longer than its own time-out.
    package var serverTimeout = Duration.seconds(60)
    /// The shortest time between two polls of a subscription.
    package var pollFloor = Duration.seconds(5)
    /// The longest time between two polls of a subscription.
    package var pollCeiling = Duration.seconds(60)
    /// How long a local write waits for more before it is sent.
    package var debounce = Duration.milliseconds(50)
    /// The overlap of pulls: how far a server's nodes and clocks may lie apart, in seconds.
    package var overlap = Duration.seconds(30)
    /// The longest wait between attempts.
    package var backoffCeiling = Duration.seconds(60)
    /// The longest `Retry-After` obeyed in full.
    package var retryAfterCeiling = Duration.seconds(60)
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

    /// A configuration.
    package init(server: String) { self.server = server }
}

/// What happens if most rows of a subscription are gone.
public enum MassRemoval: Sendable, Hashable {
    /// The rows are removed once a second check, one poll later, confirms it.
    case afterSecondLook
    /// The rows stay until the app confirms their removal.
    case afterWord
}
