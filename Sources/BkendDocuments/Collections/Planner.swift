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

    /// Runs the query: the rows, or how many there are.
    func run(counting: Bool) throws -> (rows: [Int64], count: Int) {
        let choice = try best(forCounting: counting)
        let plan = try plan(choice.access, forCounting: counting)
        guard let fallback = choice.fallback, let matcher = plan.matcher else {
            return try plan.run(counting: counting, in: db)
        }
        // Where the field of the filter goes with the order, the walk's first match may lie at its far end.
        matcher.budget = collection.limits.budget
        do {
            return try plan.run(counting: counting, in: db)
        } catch is WalkTooLong {
            return try self.plan(fallback, forCounting: counting).run(counting: counting, in: db)
        }
    }

    /// The plan that is tried first.
    func plan() throws -> Plan { try plan(best(forCounting: false).access, forCounting: false) }

    /// A way to the documents as a plan; for counting the order doesn't matter.
    func plan(_ access: Access, forCounting: Bool) throws -> Plan {
        let matcher = try DocumentMatcher(query.filter, search: query.search, hiding: visibility)
        var plan = Plan(table: collection.table, source: access.source, order: .none)
        plan.served = access.served.count
        let isExact = conjunction.isComplete && access.isExact && access.served.count == conjunction.terms.count
        if !(isExact && !matcher.searches), !matcher.isAlways { plan.matcher = matcher }
        if forCounting { return plan }
        plan.limit = Int64(max(0, query.page.limit))
        plan.skipped = Int64(max(0, query.page.skipped))
        if let reversed = access.reversed {
            plan.order = .source(reversed: reversed)
        } else if order.fields.isEmpty {
            plan.order = .id(descending: order.isIDDescending)
        } else {
            let keys = try DocumentOrder(order.fields, hiding: visibility)
            plan.order = .fields(keys, idDescending: order.isIDDescending)
        }
        return plan
    }

    // MARK: Choice

    func best(forCounting: Bool) throws -> (access: Access, fallback: Access?) {
        if let byID = byID() { return (byID, nil) }
        var candidates = state.indexes.compactMap { index in
            index.isBuilding ? nil : IndexAccess(self, index, forCounting: forCounting).access
        }
        if let nothing = candidates.first(where: { $0.isNothing }) { return (nothing, nil) }
        let idAccess = inIDOrder(forCounting: forCounting)
        let wanted = query.page.skipped.addingReportingOverflow(max(0, query.page.limit)).partialValue
        // Every term served and in order: nothing can be better.
        let whole = candidates.filter { $0.served.count == conjunction.terms.count && $0.isExact }
        if let perfect = whole.first(where: { forCounting || $0.reversed != nil }), conjunction.isComplete,
            query.search == nil || query.search?.text.isEmpty == true
        {
            return (perfect, nil)
        }
        var constrained = candidates.filter { !$0.served.isEmpty }
        if let search = searchAccess() {
            if search.isNothing { return (search, nil) }
            constrained.append(search)
        }
        // Nothing to choose from, so nothing to count for.
        if forCounting, constrained.count == 1 { return (constrained[0], nil) }
        if let few = try fewest(constrained) { return (few, nil) }
        // Many documents match each constraint, so the first of them in order are soon found.
        candidates.append(idAccess)
        let ordered = candidates.filter { $0.reversed != nil }.max { $0.rank < $1.rank }
        let narrow = constrained.max { $0.rank < $1.rank }
        if !forCounting, let ordered, wanted >= 0, wanted <= collection.limits.walk {
            return (ordered, narrow?.reversed == nil ? narrow : nil)
        }
        return (narrow ?? (order.fields.isEmpty ? idAccess : ordered ?? idAccess), nil)
    }

    /// The access with the fewest entries, unless all have many.
    private func fewest(_ candidates: [Access]) throws -> Access? {
        var best: Access?
        var limit = collection.limits.probe
        for var access in candidates.sorted(by: { $0.rank > $1.rank }) {
            var entries = limit
            switch access.source {
            case .index(let index, let ranges, _): entries = try count(index, ranges, limit: limit)
            case .search(let search):
                guard let rows = try search.rows(fewerThan: limit, in: db) else { continue }
                access.source = .found(search, rows)
                entries = rows.count
            default: break
            }
            if entries < limit { (best, limit) = (access, entries) }
        }
        return best
    }

    /// What the search index has for the query's search.
    private func searchAccess() -> Access? {
        guard let index = state.search, let search = query.search,
            let search = SearchAccess(search, index: index, hidden: visibility.hidden)
        else { return nil }
        var access = Access(source: search.mask == 0 ? .nothing : .search(search), served: [], reversed: nil)
        // Three letters and more narrow better than a range.
        access.rank = 5
        return access
    }

    private func count(_ index: StoredIndex, _ ranges: [KeyRange], limit: Int) throws -> Int {
        var count = 0
        let sql = "SELECT count(*) FROM (SELECT 1 FROM \(index.table) WHERE key >= ? AND key < ? LIMIT ?)"
        for range in ranges where count < limit {
            try db.run(sql) { statement in
                try statement.bind(blob: range.lower)
                try statement.bind(blob: range.upper)
                try statement.bind(Int64(limit - count))
                if try statement.step() { count += Int(statement.int(0)) }
            }
        }
        return count
    }

    // MARK: By id

    private func terms(onID: Bool) -> [(position: Int, term: Conjunction.Term)] {
        conjunction.terms.enumerated().compactMap { position, term in
            term.field.hasSameBytes(as: "id") == onID && !isHidden("id") ? (position, term) : nil
        }
    }

    /// A look-up of ids, when the filter names them.
    private func byID() -> Access? {
        for (position, term) in terms(onID: true) {
            guard let values = KeyRanges.values(term.filterOperator) else { continue }
            let ids = values.compactMap(\.stringValue)
            var seen: Set<ExactString> = []
            let distinct = ids.filter { seen.insert(ExactString($0)).inserted }
            return Access(
                source: distinct.isEmpty ? .nothing : .ids(distinct), served: [position],
                reversed: distinct.count <= 1 ? false : nil)
        }
        return nil
    }

    /// The collection's own table: in the order of ids, or as it lies.
    private func inIDOrder(forCounting: Bool) -> Access {
        var bounds = IDBounds()
        let served = terms(onID: true).filter { bounds.add($0.term.filterOperator) }.map(\.position)
        return Access(
            source: .table(bounds), served: served,
            reversed: !forCounting && order.fields.isEmpty ? order.isIDDescending : nil)
    }

    /// Whether a path's field is one that some document hides: then no index speaks for it.
    func isHidden(_ path: String) -> Bool {
        let name = path.utf8.prefix { $0 != 0x2E }
        return visibility.hidden.contains { $0.utf8.elementsEqual(name) }
            || visibility.conditional.contains { $0.field.utf8.elementsEqual(name) }
    }

    /// The terms on a path, with their positions.
    func terms(on path: String) -> [(position: Int, term: Conjunction.Term)] {
        if isHidden(path) { return [] }
        return conjunction.terms.enumerated().compactMap { position, term in
            term.field.hasSameBytes(as: path) ? (position, term) : nil
        }
    }
}
