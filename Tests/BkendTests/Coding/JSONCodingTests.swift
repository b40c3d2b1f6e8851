import BkendWire
import Foundation
import Testing

@Suite("Swift values and JSON")
struct JSONCodingTests {
    private func text(_ value: some Encodable) throws -> String { try JSON(encoding: value).description }

    private func flaw(_ value: some Encodable) -> String? {
        do throws(JSONCodingError) {
            return try JSON(encoding: value).description
        } catch {
            return "refused " + error.description
        }
    }

    private func decode<Value: Decodable>(_ text: String, _ type: Value.Type = Value.self) throws -> Value {
        try JSON(parsing: text).decode(type)
    }

    private func refusal(_ text: String, _ type: (some Decodable).Type) throws -> JSONCodingError? {
        let json = try JSON(parsing: text)
        do throws(JSONCodingError) {
            _ = try json.decode(type)
            return nil
        } catch {
            return error
        }
    }

    @Test("integers of every width are exact or refused")
    func integers() throws {
        #expect(try text([Int64.min, Int64.max]) == "[-9223372036854775808,9223372036854775807]")
        #expect(try decode("[-9223372036854775808,9223372036854775807]", [Int64].self) == [.min, .max])
        #expect(try text(UInt64(1) << 63) == "9223372036854776000")
        #expect(try decode("9223372036854776000", UInt64.self) == 1 << 63)
        #expect(flaw(UInt64.max)?.contains("would lose digits") == true)
        #expect(try decode("2.0", Int.self) == 2)
        #expect(try decode("1e3", Int.self) == 1000)
        #expect(try refusal("1.5", Int.self)?.message == "1.5 is no whole number from \(Int.min) to \(Int.max)")
        #expect(try refusal("128", Int8.self)?.message == "128 is no whole number from -128 to 127")
        #expect(try refusal("-1", UInt.self) != nil)
        #expect(try refusal("true", Int.self)?.message == "expected a whole number, found boolean")
        #expect(try refusal("1", Bool.self)?.message == "expected a boolean, found number")
    }

    @Test("doubles, floats and decimals keep their value or are refused")
    func fractions() throws {
        #expect(try text([0.1, 1e300, -0.0]) == "[0.1,1e+300,-0]")
        #expect(try text(Float(0.1)) == "0.1")
        #expect(try decode("0.1", Float.self) == 0.1)
        #expect(try refusal("1e300", Float.self) != nil)
        #expect(try refusal("16777217", Float.self) != nil)
        #expect(try refusal("9007199254740993", Double.self) != nil)
        #expect(try decode("9007199254740992", Double.self) == 9_007_199_254_740_992)
        let cents = try #require(Decimal(string: "12345678.91"))
        #expect(try text(cents) == "12345678.91")
        #expect(try decode("12345678.91", Decimal.self) == cents)
        #expect(try text(Decimal(Int64.max)) == "9223372036854775807")
        #expect(flaw(Decimal(string: "0.12345678901234567890123"))?.contains("would lose digits") == true)
        #expect(flaw(Decimal.nan)?.hasPrefix("refused") == true)
        for value in [Double.nan, .infinity, -.infinity] {
            #expect(flaw(["a": [1, value]]) == "refused a[1]: \(value) has no JSON form")
        }
        #expect(flaw(["a": JSON.array([.double(.nan)])]) == "refused a[0]: nan has no JSON form")
    }

    @Test("dates, data, URLs and UUIDs are strings")
    func strings() throws {
        #expect(try text(Date(timeIntervalSince1970: 1_736_328_600.25)) == #""2025-01-08T09:30:00.250Z""#)
        #expect(try decode(#""2025-01-08T10:30:00.25+01:00""#, Date.self).timeIntervalSince1970 == 1_736_328_600.25)
        #expect(try refusal(#""yesterday""#, Date.self)?.message == #"expected a date in ISO 8601, found "yesterday""#)
        #expect(try refusal("5", Date.self)?.message == "expected a date in ISO 8601, found number")
        #expect(flaw(Date(timeIntervalSince1970: .nan))?.hasPrefix("refused") == true)
        #expect(flaw(Date(timeIntervalSince1970: 1e12))?.contains("years 0000 to 9999") == true)
        #expect(try text(Data([0, 255])) == #""AP8=""#)
        #expect(try decode(#""AP8=""#, Data.self) == Data([0, 255]))
        #expect(try refusal(#""A""#, Data.self) != nil)
        let url = try #require(URL(string: "https://a.b/c?d=e"))
        #expect(try text(["u": url]) == #"{"u":"https://a.b/c?d=e"}"#)
        #expect(try decode(#"{"u":"https://a.b/c?d=e"}"#, [String: URL].self) == ["u": url])
        let id = UUID()
        #expect(try decode(text(id), UUID.self) == id)
    }

    private class Base: Codable {
        var a = 1
    }

    private final class Derived: Base {
        var b: String?
        private enum Keys: CodingKey { case b, list, nested }

        override init() { super.init() }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            b = try container.decodeIfPresent(String.self, forKey: .b)
            var list = try container.nestedUnkeyedContainer(forKey: .list)
            var count = 0
            while !list.isAtEnd {
                if try list.decodeNil() { count += 1 } else { count += try list.decode(Int.self) }
            }
            try super.init(from: container.superDecoder())
            a += count
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encodeNil(forKey: .b)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            try list.encode(2)
            try list.encodeNil()
            var nested = container.nestedContainer(keyedBy: Keys.self, forKey: .nested)
            try nested.encode(true, forKey: .b)
            try super.encode(to: container.superEncoder())
        }
    }

    @Test("nested containers, super encoders and nulls keep their place")
    func containers() throws {
        let json = try JSON(encoding: Derived())
        #expect(json.description == #"{"b":null,"list":[2,null],"nested":{"b":true},"super":{"a":1}}"#)
        #expect(try json.decode(Derived.self).a == 4)
    }

    private enum Shape: String, Codable, CaseIterable { case circle, square }
    private enum Event: Codable, Equatable {
        case moved(x: Int, y: Int)
        case stopped
    }

    @Test("enums with raw values and with payloads")
    func enums() throws {
        #expect(try text(Shape.allCases) == #"["circle","square"]"#)
        #expect(try decode(#""square""#, Shape.self) == .square)
        #expect(try refusal(#"{"s":["round"]}"#, [String: [Shape]].self)?.path == "s[0]")
        let events = [Event.moved(x: 1, y: 2), .stopped]
        #expect(try text(events) == #"[{"moved":{"x":1,"y":2}},{"stopped":{}}]"#)
        #expect(try JSON(encoding: events).decode([Event].self) == events)
    }

    @Test("errors name the place")
    func paths() throws {
        struct Inner: Codable { var n: Int }
        struct Outer: Codable { var list: [String: [Inner]] }
        let text = #"{"list":{"a":[{"n":1},{"n":"x"}]}}"#
        #expect(
            try refusal(text, Outer.self)?.description == "list.a[1].n: expected a whole number, found string")
        #expect(try refusal(#"{"list":{"a":[{}]}}"#, Outer.self)?.description == "list.a[0].n: the field is missing")
        #expect(try refusal("[1]", Outer.self)?.description == "expected an object, found array")
        #expect(try refusal(#"{"list":null}"#, Outer.self)?.description == "list: expected an object, found null")
    }

    @Test("what has no order is written in one order")
    func unordered() throws {
        let many = (0..<50).map { "k\($0)" }
        let forward = Dictionary(uniqueKeysWithValues: many.map { ($0, 1) })
        let backward = Dictionary(uniqueKeysWithValues: many.reversed().map { ($0, 1) })
        #expect(try text(forward) == text(backward))
        #expect(try text(Set(many)) == text(Set(many.reversed())))
        #expect(try text(["b": 1, "a": 2]) == #"{"a":2,"b":1}"#)
    }

    @Test("names that differ in Unicode form only are not lost in a dictionary unseen")
    func canonicalNames() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        #expect(try JSON(parsing: text).objectValue?.count == 2)
        #expect(try refusal(text, [String: Int].self)?.message.contains("Unicode form") == true)
        #expect(try decode(text, JSONObject.self).count == 2)
    }

    @Test("JSON inside models passes through exactly, and through Foundation's coders")
    func jsonInside() throws {
        struct Model: Codable { var any: JSON, object: JSONObject?, list: [JSON] }
        let text = #"{"any":{"z":1,"a":[null,9007199254740993,1.5]},"object":{"b":true,"a":"x"},"list":[{},[]]}"#
        let model = try decode(text, Model.self)
        #expect(try self.text(model) == text)
        let data = try JSONEncoder().encode(model)
        #expect(try JSONDecoder().decode(Model.self, from: data).any["a"] == model.any["a"])
    }

    @Test("random values survive the way there and back", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let json = Self.value(&random, depth: 4)
        let through = try JSON(parsing: JSON(encoding: json).serialized()).decode(JSON.self)
        #expect(through == json)
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static func value(_ random: inout SplitMix, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .int(Int64(bitPattern: random.next()))
        case 3: .int(.random(in: -3...3, using: &random))
        case 4: .double(Double.random(in: -1e6...1e6, using: &random))
        case 5: .string(["", "é", "e\u{301}", "\0", "😀\n\"", "plain"].randomElement(using: &random) ?? "")
        case 6: .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(&random, depth: depth - 1) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0..<20, using: &random)).map { ("k\($0)", value(&random, depth: depth - 1)) }))
        }
    }
}
