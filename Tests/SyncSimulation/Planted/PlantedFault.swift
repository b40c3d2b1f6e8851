import BkendSync
import GRDB

/// A fault put into the engine from outside: by replacing one of its rules, by rewriting what it wants done, or by
/// undoing in its database what it wrote. The product knows nothing of it.
package struct PlantedFault: Sendable {
    /// Its name.
    package var name: String
    /// The engine's rules.
    package var rules = SyncRules()
    /// Rewrites the engine's effects.
    package var rewrite: @Sendable ([EngineEffect], SimulatedDevice, World) -> [EngineEffect] = { effects, _, _ in
        effects
    }
    /// What happens to the database before a start.
    package var beforeStart: @Sendable (DatabaseQueue) -> Void = { _ in }
    /// What happens to the database after each event.
    package var afterEvent: @Sendable (EngineEvent, SimulatedDevice) throws -> Void = { _, _ in }
    /// What happens to the database after each write of the app.
    package var afterWrite: @Sendable (SimulatedDevice) throws -> Void = { _ in }
    /// Rules of the server's files that are broken.
    package var files: ServerFiles.Faults = []
    /// Whether bytes that wait are taken for a cache.
    package var evictsWaiting = false
    /// Rewrites what the engine is told.
    package var told: @Sendable (EngineEvent, SimulatedDevice) -> EngineEvent = { event, _ in event }
    /// How a refresh token is sent again that shouldn't be.
    package var refresh: Refresh?

    /// A rule of the repetition of a refresh (sync.md, "Refresh tokens") that is broken.
    package enum Refresh: Sendable {
        /// Though the server didn't announce a grace.
        case withoutSign
        /// When half of the grace, and more, is over.
        case late
        /// By a process that finds the mark of an earlier one.
        case afterRestart
        /// As often as answers are lost.
        case twice
    }

    /// Whether a form is saved on the record as it is stored, not as its writer saw it.
    package var savesFormsBlindly = false
    /// Whether a policy isn't told that a write may have been applied.
    package var hidesMaybeApplied = false
    /// Whether the server stamps a write when it comes, not when it has its turn.
    package var stampsBeforeQueue = false

    /// A fault.
    package init(_ name: String) { self.name = name }

    /// The product as it is.
    package static let none = PlantedFault("none")
}
