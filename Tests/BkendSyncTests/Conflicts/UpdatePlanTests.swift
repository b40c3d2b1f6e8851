import BkendSync
import BkendWire
import Synchronization
import Testing

/// Field by field: before, mine, theirs, and who wins.
@Suite struct UpdatePlanTests {
    private func entry(
        _ fields: JSONObject, before: JSONObject, state: OutboxEntry.State = .queued
    ) throws -> OutboxEntry {
        let store = try StoreFixture()
        let id = "0123456789abcdef01234567"
        var row = before
        row["id"] = .string(id)
        row["updatedAt"] = "2030-01-01T00:00:00.000Z"
        try store.receive(row)
        try store.update(id, fields)
        var entry = try #require(try store.lane(id).first)
        entry.state = state
        return entry
    }

    private func plan(
        _ fields: JSONObject, before: JSONObject, theirs: JSONObject, _ policy: ConflictPolicy = .clientWins,
        state: OutboxEntry.State = .queued
    ) throws -> UpdatePlan {
        UpdatePlan(
            try entry(fields, before: before, state: state), theirs: theirs, policy: policy, merge: FieldMerge.decide)
    }

    struct Case: Sendable {
        var name: String
        var before: JSON?
        var mine: JSON
        var theirs: JSON?
        var merge: FieldMerge

        init(_ name: String, _ before: JSON?, _ mine: JSON, _ theirs: JSON?, _ merge: FieldMerge) {
            self.name = name
            self.before = before
            self.mine = mine
            self.theirs = theirs
            self.merge = merge
        }
    }

    static let cases: [Case] = [
        Case("untouched elsewhere", "a", "b", "a", .send),
        Case("mine already", "a", "b", "b", .agreed),
        Case("changed on both sides", "a", "b", "c", .conflict),
        Case("hidden from us", "a", "b", JSON?.none, .send),
        Case("never there", JSON?.none, "b", JSON?.none, .send),
        Case("set elsewhere meanwhile", JSON?.none, "b", "c", .conflict),
        Case("set elsewhere to the same", JSON?.none, "b", "b", .agreed),
        Case("null is a value", JSON.null, "b", JSON.null, .send),
        Case("absent where it was null", JSON.null, "b", JSON?.none, .send),
        Case("null where it was absent", JSON?.none, "b", JSON.null, .conflict),
        Case("to null", "a", JSON.null, "a", .send),
        Case("to null already", "a", JSON.null, JSON.null, .agreed),
        Case("1 is 1.0", JSON.int(1), JSON.int(2), JSON.double(1), .send),
        Case(
            "large integers are exact", JSON.int(9_007_199_254_740_993), JSON.int(2),
            JSON.int(9_007_199_254_740_992), .conflict),
        Case(
            "the order of keys says nothing", JSON.object(["x": 1, "y": 2]), JSON.int(3),
            JSON.object(["y": 2, "x": 1]), .send),
        Case("Unicode forms differ", "\u{E9}", "b", "e\u{301}", .conflict),
        Case("true is not 1", JSON.bool(true), "b", JSON.int(1), .conflict),
    ]

    @Test(arguments: cases)
    func aFieldComesTo(_ field: Case) {
        let merge = FieldMerge.decide(before: field.before, mine: field.mine, theirs: field.theirs)
        #expect(merge == field.merge, "\(field.name)")
    }

    @Test func fieldsNobodyElseChangedAreSentAlone() throws {
        let plan = try plan(["a": 2, "b": 2], before: ["a": 1, "b": 1, "c": 1], theirs: ["a": 1, "b": 2, "c": 9])
        #expect(plan.fields == ["a": 2])
        #expect(plan.conflicts.isEmpty && !plan.isMaybeApplied)
    }

    @Test func policiesDecideAndEveryConflictIsTold() throws {
        let client = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3])
        #expect(client.fields == ["a": 2] && client.conflicts.count == 1)
        let server = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3], .serverWins)
        #expect(server.fields.isEmpty && server.conflicts.count == 1)
        let sum = ConflictPolicy.merge { .int(($0.mine.intValue ?? 0) + ($0.theirs?.intValue ?? 0)) }
        let merged = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3], sum)
        #expect(merged.fields == ["a": 5] && merged.conflicts.count == 1)
        let theirs = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3], .merge { $0.theirs ?? .null })
        #expect(theirs.fields.isEmpty && theirs.conflicts.count == 1)
    }

    @Test func aMergedValueThatIsTooDeepToBeStoredGivesWayToMineAndIsTold() throws {
        func nested(_ levels: Int) -> JSON { (0..<levels).reduce(JSON.int(1)) { value, _ in .array([value]) } }
        for (levels, isTooDeep) in [(511, false), (512, true), (5_000, true)] {
            let value = nested(levels)
            let plan = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3], .merge { _ in value })
            #expect(plan.fields == (isTooDeep ? ["a": 2] : ["a": value]))
            #expect(plan.conflicts.map { $0.flaw == .tooDeep } == [isTooDeep])
            #expect(plan.conflicts.map(\.sent) == [plan.fields["a"]])
        }
    }

    @Test func anAmbiguousUpdateIsDoneWhenEverythingSaysMine() throws {
        let plan = try plan(["a": 2, "b": 2], before: ["a": 1, "b": 1], theirs: ["a": 2, "b": 2], state: .ambiguous)
        #expect(plan.fields.isEmpty && plan.conflicts.isEmpty)
    }

    @Test func anAmbiguousUpdateIsSentAgainWhenNothingHappened() throws {
        let plan = try plan(["a": 2, "b": 2], before: ["a": 1, "b": 1], theirs: ["a": 1, "b": 1], state: .ambiguous)
        #expect(plan.fields == ["a": 2, "b": 2] && plan.conflicts.isEmpty && !plan.isMaybeApplied)
    }

    @Test func anAmbiguousUpdateThatMetAThirdValueIsMaybeApplied() throws {
        let plan = try plan(
            ["a": 2, "b": 2], before: ["a": 1, "b": 1], theirs: ["a": 3, "b": 1], .serverWins, state: .ambiguous)
        #expect(plan.isMaybeApplied && plan.conflicts.map(\.conflict.field) == ["a", "b"])
        #expect(plan.fields.isEmpty)
    }

    @Test func aPolicySeesThatTheServersValueMayHoldMineAlready() throws {
        // 0 → 1 here, which arrived though its answer was lost; then 1 → 2 elsewhere. A sum would be 3.
        let count = ConflictPolicy.merge { conflict in
            let (mine, theirs) = (conflict.mine.intValue ?? 0, conflict.theirs?.intValue ?? 0)
            if conflict.maybeApplied { return .int(theirs) }
            return .int(theirs + mine - (conflict.before?.intValue ?? 0))
        }
        let lost = try plan(["n": 1], before: ["n": 0], theirs: ["n": 2], count, state: .ambiguous)
        #expect(lost.fields.isEmpty && lost.conflicts.map(\.conflict.maybeApplied) == [true])
        let unsent = try plan(["n": 1], before: ["n": 0], theirs: ["n": 2], count)
        #expect(unsent.fields == ["n": 3] && unsent.conflicts.map(\.conflict.maybeApplied) == [false])
        let record = ConflictPolicy.mergeRecord { conflict in conflict.maybeApplied ? conflict.theirs : conflict.mine }
        #expect(try plan(["n": 1], before: ["n": 0], theirs: ["n": 2], record, state: .ambiguous).fields.isEmpty)
        #expect(try plan(["n": 1], before: ["n": 0], theirs: ["n": 2], record).fields == ["n": 1])
    }

    @Test func aRecordIsMergedAsAWhole() throws {
        let seen = Mutex<[RecordConflict]>([])
        let theirs: JSONObject = ["id": "x", "start": 5, "end": 9, "room": "B", "clientKey": "~1"]
        let policy = ConflictPolicy.mergeRecord { conflict in
            seen.withLock { $0.append(conflict) }
            return ["id": "y", "start": 4, "end": 9, "room": "C", "clientKey": "~2"]
        }
        let plan = try plan(["start": 3, "end": 8], before: ["start": 1, "end": 9], theirs: theirs, policy)
        // What differs from the server's is sent, system fields aside, and what agrees isn't.
        #expect(plan.fields == ["start": 4, "room": "C"])
        #expect(plan.conflicts.map(\.conflict.field) == ["start"] && plan.conflicts.map(\.sent) == [4])
        let conflict = try #require(seen.withLock { $0 }.first)
        #expect(conflict.fields == ["start"] && conflict.theirs == theirs && seen.withLock(\.count) == 1)
        #expect(conflict.before == ["id": "x", "start": 1, "end": 9, "room": "B", "clientKey": "~1"])
        #expect(conflict.mine == ["id": "x", "start": 3, "end": 8, "room": "B", "clientKey": "~1"])
    }

    @Test func aRecordIsMergedOnlyWhereAFieldWasChangedOnBothSides() throws {
        let policy = ConflictPolicy.mergeRecord { before, mine, theirs in
            Issue.record("\(before) \(mine)")
            return theirs
        }
        #expect(try plan(["a": 2], before: ["a": 1], theirs: ["a": 1, "b": 9], policy).fields == ["a": 2])
    }

    @Test func whatAFunctionLeavesOutStaysAsTheServerHasIt() throws {
        let plan = try plan(
            ["a": 2, "b": 2], before: ["a": 1, "b": 1], theirs: ["a": 3, "b": 1], .mergeRecord { _ in [:] })
        #expect(plan.fields == ["b": 2] && plan.conflicts.map(\.sent) == [nil])
    }

    @Test(arguments: [JSON.double(.nan), ["a.b": 1], [["": 1]]])
    func aMergedValueThatNoServerStoresGivesWayToMine(_ value: JSON) throws {
        for policy in [ConflictPolicy.merge { _ in value }, .mergeRecord { _ in ["a": value] }] {
            let plan = try plan(["a": 2], before: ["a": 1], theirs: ["a": 3], policy)
            #expect(plan.fields == ["a": 2] && plan.conflicts.map(\.flaw) == [.refused])
        }
    }

    @Test(arguments: [JSON.double(.nan), ["a.b": 1], [["": 1]]])
    func aMergedRecordsFlawIsToldOfEveryField(_ value: JSON) throws {
        let policy = ConflictPolicy.mergeRecord { _ in ["a": 9, "b": value, "c": value, "d.e": 1, "id": 7] }
        let plan = try plan(
            ["a": 2, "b": 2], before: ["a": 1, "b": 1], theirs: ["a": 3, "b": 1, "c": 1], policy)
        #expect(plan.fields == ["b": 2, "a": 9])
        #expect(plan.conflicts.map(\.conflict.field) == ["a", "b", "c", "d.e"])
        #expect(plan.conflicts.map(\.flaw) == [nil, .refused, .refused, .refused])
        #expect(plan.conflicts.map(\.sent) == [9, 2, nil, nil])
    }

    @Test func aRaceIsWhatIsNeitherOursNorAsRead() {
        let fields = UpdateRace.fields(
            sent: ["a": 2], asRead: ["id": "1", "a": 1, "b": 1, "c": 1, "updatedAt": "x"],
            answer: ["id": "1", "a": 2, "b": 9, "c": 1.0, "d": 4, "updatedAt": "y"])
        #expect(fields == ["b"])
    }
}
