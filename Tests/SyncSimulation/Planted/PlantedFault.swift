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
    /// Rewrites what the engine is told.
    package var told: @Sendable (EngineEvent, SimulatedDevice) -> EngineEvent = { event, _ in event }
    /// How a refresh token is sent again that shouldn't be.
    package var refresh: Refresh?

    /// A rule of the repetition of a refresh (docs/sync.md, "Refresh tokens") that is broken.
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

    /// A fault.
    package init(_ name: String) { self.name = name }

    /// The product as it is.
    package static let none = PlantedFault("none")
}
