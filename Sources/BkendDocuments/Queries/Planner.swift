import BkendWire
import GRDB

/// Chooses how a query runs.
struct Planner {
    let collection: Collection
    let state: CollectionState
    let query: Query
    let visibility: FieldVisibility
    let db: Database

    private let conjunction: Conjunction
    let order: ResultOrder

    init(
        _ collection: Collection, _ state: CollectionState, _ query: Query, hiding visibility: FieldVisibility,
        in db: Database
    ) throws {
        self.collection = collection
        self.state = state
        self.query = query
        self.visibility = visibility
        self.db = db
        conjunction = Conjunction(query.filter)
        order = ResultOrder(query.sort)
    }

    /// The plan; for counting the order doesn't matter.
    func plan(forCounting: Bool) throws -> Plan {
        let matcher = try DocumentMatcher(query.filter, search: query.search, hiding: visibility)
        var plan = Plan(table: collection.table, source: .table(IDBounds()), order: .none)
        plan.matcher = matcher.isAlways ? nil : matcher
        if !forCounting {
            plan.limit = Int64(max(0, query.page.limit))
            plan.skipped = Int64(max(0, query.page.skipped))
            plan.order =
                order.fields.isEmpty
                ? .source(reversed: order.isIDDescending)
                : .fields(try DocumentOrder(order.fields, hiding: visibility), idDescending: order.isIDDescending)
        }
        return plan
    }
}
