import BkendWire
import Foundation
import GRDB
import Testing

@testable import BkendDocuments

/// Random documents, filters, orders and indexes against an evaluator over JSON trees.
@Suite struct DifferentialTests {
    /// `BKEND_SEED` reruns one seed, `BKEND_ROUNDS` runs more of them.
    static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["BKEND_SEED"].flatMap(UInt64.init) { return [seed] }
        let rounds = environment["BKEND_ROUNDS"].flatMap(Int.init) ?? 12
        return (0..<rounds).map { 0x5EED + UInt64($0) }
    }()

    @Test("Every query answers as the reference does, with and without indexes", arguments: seeds)
    func everyQueryAnswers(seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        let queue = try DocumentStorage.inMemory()
        try queue.write { db in
            var collection = try BkendDocuments.Collection.create("c", in: db)
            var documents: [JSONObject] = []
            // Half of the rounds hold no arrays at the root, so that indexes serve orders too.
            let isFlat = Bool.random(using: &random)
            for number in 0..<60 {
                var document = RandomJSON.object(depth: isFlat ? 0 : 3, using: &random)
                document["id"] = .string("id\(number)")
                documents.append(document)
            }
            for name in ["before", "second"] {
                try collection.createIndex(RandomQuery.index(name, using: &random), in: db)
            }
            for document in documents.shuffled(using: &random) { try collection.insert(document, in: db) }
            for name in ["after", "fourth"] {
                try collection.createIndex(RandomQuery.index(name, using: &random), in: db)
            }
            try change(&documents, in: collection, db, &random)
            if Bool.random(using: &random) {
                // Small numbers lead through the walks and their fallbacks too.
                func limit() -> Int { Int.random(in: 0...20, using: &random) }
                collection.limits = PlannerLimits(probe: limit(), walk: limit() * 5, budget: limit())
            }
            var served = 0
            let plain = try BkendDocuments.Collection.create("plain", in: db)
            for document in documents { try plain.insert(document, in: db) }
            for _ in 0..<150 {
                let query = Query(
                    filter: RandomQuery.filter(depth: 2, using: &random), sort: RandomQuery.sort(using: &random),
                    page: .init(
                        offset: Int.random(in: 0...3, using: &random), limit: Int.random(in: 1...70, using: &random)))
                if try collection.explain(query, in: db).index != nil { served += 1 }
                try compare(query, documents, [collection, plain], db, seed: seed)
            }
            #expect(served > 0, "seed \(seed): no query went through an index")
        }
    }

    /// Replaces, patches and deletes some, so that index entries move.
    private func change(
        _ documents: inout [JSONObject], in collection: BkendDocuments.Collection, _ db: Database,
        _ random: inout SeededGenerator
    ) throws {
        for position in documents.indices.reversed() where Int.random(in: 0..<4, using: &random) == 0 {
            guard let id = documents[position]["id"]?.stringValue else { continue }
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                #expect(try collection.delete(id: id, in: db))
                documents.remove(at: position)
            case 1:
                var document = RandomJSON.object(depth: 2, using: &random)
                document["id"] = .string(id)
                documents[position] = document
                #expect(try collection.replace(document, in: db))
            default:
                let fields = RandomJSON.object(depth: 2, using: &random)
                for (key, value) in fields { documents[position][key] = value }
                #expect(try collection.patch(id: id, set: fields, in: db)?.json == documents[position])
            }
        }
    }

    private func compare(
        _ query: Query, _ documents: [JSONObject], _ collections: [BkendDocuments.Collection], _ db: Database,
        seed: UInt64
    ) throws {
        let matching = documents.filter { ReferenceFilter.matches(query.filter, $0) }
        let expected = ReferenceSort.sorted(matching, by: query.sort)
            .dropFirst(query.page.skipped).prefix(query.page.limit).map { $0["id"] }
        for collection in collections {
            let found = try collection.find(query, in: db).map { try $0.json["id"] }
            let plan = try collection.explain(query, in: db)
            #expect(found == expected, "seed \(seed), \(query.filter), sort \(query.sort): \(plan) [\(plan.sql)]")
            let count = try collection.count(query.filter, in: db)
            #expect(count == matching.count, "seed \(seed), count of \(query.filter)")
        }
    }
}
