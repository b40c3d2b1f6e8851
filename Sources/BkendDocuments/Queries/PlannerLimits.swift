/// The numbers by which the planner chooses; answers don't depend on them.
struct PlannerLimits: Sendable {
    /// How many entries of an index are counted before they count as many.
    var probe = 4_096
    /// Up to how many rows it pays to walk documents in the query's order, trying each, rather than to sort them all.
    var walk = 10_000
    /// How many documents a walk tries before the plan beside it takes over.
    var budget = 20_000
}
