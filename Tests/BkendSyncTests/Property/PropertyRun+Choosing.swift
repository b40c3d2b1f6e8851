import BkendSync
import BkendWire

/// Choices.
extension PropertyRun {
    func somePlace() -> Place? { random.pick(model.places.sorted()) }

    func someEntry(_ states: [OutboxEntry.State]) -> ModelStore.Entry? {
        random.pick(model.entries.filter { states.contains($0.state) })
    }

    /// One of the ids that a record has had.
    func someName(of place: Place) -> String {
        if random.chance(75) { return place.id }
        return random.pick(model.aliases.keys.filter { model.resolve($0) == place.id }.sorted()) ?? place.id
    }

    /// Some fields with small values, some of them ids of other records.
    func someFields() -> Fields {
        var fields: Fields = [:]
        if random.chance(60) { fields["a"] = .int(Int64(random.below(4))) }
        if random.chance(40) { fields["b"] = random.chance(30) ? .null : .string("b\(random.below(3))") }
        if random.chance(30) { fields["k"] = .int(Int64(random.below(2))) }
        let (isNamed, isMapped) = (random.chance(25), random.chance(15))
        if isNamed || isMapped, let id = someID() {
            if isNamed { fields["ref"] = .string(id) }
            if isMapped { fields["map"] = .object([id: ["n", .string(id)]]) }
        }
        if fields.isEmpty { fields["a"] = .int(Int64(random.below(4))) }
        return fields
    }

    /// An id that a record has or had. Those of dead records are named seldom, since that is refused.
    private func someID() -> String? {
        if random.chance(5) { return random.pick(model.aliases.keys.filter { model.isDead($0) }.sorted()) }
        if random.chance(70) { return somePlace()?.id }
        return random.pick(model.aliases.keys.filter { !model.isDead($0) }.sorted())
    }

    /// The server's stamp on a row, at times ahead of this device or behind it.
    func touchUp(_ row: inout Fields) {
        row["updatedAt"] = ModelStore.stamp(model.now + Int64(random.below(5) - 1) * 1_000)
    }

    func ordered(_ fields: Fields) -> JSONObject {
        JSONObject(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// The store and the model do the same, or both refuse.
    func both(_ product: (StoreTransaction) throws -> Void, model change: (inout ModelStore) throws -> Void) throws {
        var refusal: StoreError?
        do { try store.write { try product($0) } } catch let error as StoreError { refusal = error }
        var changed = model
        do {
            try change(&changed)
            if let refusal { throw Mismatch(description: "the store refused: \(refusal)") }
            model = changed
        } catch is ModelStore.Refused {
            note("  refused")
            if refusal == nil { throw Mismatch(description: "the store should have refused") }
        }
    }
}
