import BkendWire
import Testing

@Suite struct JSONObjectTests {
    @Test("members keep their place when set, and leave it when removed")
    func membersKeepTheir() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = "x"
        object["d"] = 4
        object["a"] = nil
        object["missing"] = nil
        #expect(object.description == #"{"b":"x","c":3,"d":4}"#)
        object["b"] = .null
        #expect(object.keys == ["b", "c", "d"])
        #expect(object["b"] == .null)
        #expect(object["a"] == nil)
    }

    @Test("of two members with one name the last value counts, at the first place")
    func twoMembersOne() {
        let object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.description == #"{"a":3,"b":2}"#)
    }

    @Test("composed and decomposed names are two")
    func composedDecomposedNames() {
        var object: JSONObject = ["\u{E9}": 1]
        object["e\u{301}"] = 2
        #expect(object.count == 2)
        object["\u{E9}"] = nil
        #expect(object["e\u{301}"] == 2)
        #expect(object["\u{E9}"] == nil)
    }

    /// A plain list of pairs is the reference for the indexed object.
    @Test("an object of any size behaves like a list of pairs")
    func objectAnySize() {
        var random = SeededGenerator(seed: 5)
        var object = JSONObject()
        var model: [(String, Int64)] = []
        let names = (0..<30).map { "k\($0)" } + ["\u{E9}", "e\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", ""]
        for step in 0..<5_000 {
            let name = names.randomElement(using: &random) ?? ""
            let place = model.firstIndex { $0.0.utf8.elementsEqual(name.utf8) }
            if Int.random(in: 0..<(step / 500 % 2 == 0 ? 4 : 2), using: &random) == 0 {
                object[name] = nil
                if let place { model.remove(at: place) }
            } else {
                object[name] = .int(Int64(step))
                if let place { model[place].1 = Int64(step) } else { model.append((name, Int64(step))) }
            }
            #expect(object.count == model.count)
            #expect(zip(object, model).allSatisfy { $0.key.utf8.elementsEqual($1.0.utf8) && $0.value == .int($1.1) })
            #expect(object[name]?.intValue == model.first { $0.0.utf8.elementsEqual(name.utf8) }?.1)
        }
    }

    @Test("equality heeds the order of members")
    func equalityHeedsOrder() {
        let object: JSONObject = ["a": 1, "b": 2]
        #expect(object == ["a": 1.0, "b": 2])
        #expect(object != ["b": 2, "a": 1])
        #expect(object != ["a": 1])
        #expect(object.hashValue == JSONObject([("a", .double(1)), ("b", 2)]).hashValue)
    }
}
