import BkendWire
import Testing

@Suite struct JSONNumberTests {
    /// Literals and what ECMA-262's Number::toString makes of them, written by a JavaScript engine.
    @Test(
        "numbers are printed as JavaScript prints them",
        arguments: [
            ("0", "0"), ("1", "1"), ("-1", "-1"), ("0.1", "0.1"), ("-0.5", "-0.5"), ("1.5", "1.5"),
            ("123.456", "123.456"),
            ("0.30000000000000004", "0.30000000000000004"), ("0.3333333333333333", "0.3333333333333333"),
            ("100", "100"),
            ("1e15", "1000000000000000"), ("123456789012345680000", "123456789012345680000"),
            ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("1.5e21", "1.5e+21"), ("-1e21", "-1e+21"),
            ("1e22", "1e+22"), ("1e23", "1e+23"), ("1e300", "1e+300"), ("1e308", "1e+308"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("5e-324", "5e-324"),
            ("2.2250738585072014e-308", "2.2250738585072014e-308"), ("1e-5", "0.00001"), ("1e-6", "0.000001"),
            ("1e-7", "1e-7"), ("1.5e-7", "1.5e-7"), ("0.0000015", "0.0000015"), ("0.00000123", "0.00000123"),
            ("-0.0001", "-0.0001"), ("4.35", "4.35"), ("9007199254740993.5", "9007199254740994"),
            ("1.2345678901234567e20", "123456789012345670000"), ("9.95e20", "995000000000000000000"),
            ("999999999999999900000", "999999999999999900000"), ("18446744073709552000", "18446744073709552000"),
            ("1.1805916207174113e+21", "1.1805916207174113e+21"), ("3.141592653589793", "3.141592653589793"),
            ("1e-10", "1e-10"), ("1.0000000000000002", "1.0000000000000002"), ("4.9406564584124654e-324", "5e-324"),
            ("123e-20", "1.23e-18"), ("12345.678e-3", "12.345678"), ("1e100", "1e+100"), ("-1.5e-300", "-1.5e-300"),
        ])
    func numbersPrintedAs(literal: String, text: String) throws {
        #expect(try JSON(parsing: literal).description == text)
        #expect(JSONNumber.text(of: try #require(Double(literal))) == text)
    }

    @Test(
        "integers stay exact within 64 bits and what can't be kept is refused",
        arguments: [
            ("9223372036854775807", JSON.int(.max)), ("-9223372036854775808", .int(.min)), ("-0", .double(-0.0)),
            ("0", .int(0)), ("0e5", .double(0)), ("-0.0", .double(-0.0)), ("-0e0", .double(-0.0)), ("1.0", .double(1)),
            ("9007199254740993", .int(9_007_199_254_740_993)), ("-9007199254740993", .int(-9_007_199_254_740_993)),
            ("9223372036854775808", .double(0x1p63)), ("9223372036854776000", .double(0x1p63)),
            ("-9223372036854777856", .double(-0x1p63 - 2048)), ("1E400", .null), ("1e-400", .double(0)),
            ("-1e-400", .double(-0.0)), ("0e99999999999999999999", .double(0)), ("1e-99999999999999999999", .double(0)),
            ("18446744073709551616", .double(0x1p64)), ("100000000000000000000", .double(1e20)),
        ])
    func integersStayExact(text: String, value: JSON) throws {
        if value.isNull {
            #expect(throws: JSONError.self) { try JSON(parsing: text) }
        } else {
            #expect(try JSON(parsing: text).isIdentical(to: value), "\(text)")
        }
    }

    @Test("minus zero keeps its sign, which JavaScript's text would lose")
    func minusZeroKeeps() {
        #expect(JSONNumber.text(of: -0.0) == "-0")
        #expect(JSONNumber.text(of: 0) == "0")
    }

    @Test("whole doubles up to 64 bits print all their digits")
    func wholeDoublesUp() {
        #expect(JSONNumber.text(of: 0x1p60) == "1152921504606846976")
        #expect(JSONNumber.text(of: -0x1p63) == "-9223372036854775808")
        #expect(JSONNumber.text(of: 0x1p63) == "9223372036854776000")
    }

    @Test(
        "ties and their neighbours are rounded to even",
        arguments: [
            "9007199254740993.0", "9007199254740995.0", "9007199254740994.5", "4503599627370496.5",
            "4503599627370497.5",
            "4503599627370496.501", "4503599627370497.499", "9007199254740992.9", "18014398509481983.0",
            "1801439850948198.35", "0.9999999999999999", "0.99999999999999994", "0.99999999999999995",
            "1844674407370955161.5", "0.0000000000000000001", "9999999999999999999e-19", "1.0000000000000000001",
            "1.0000000000000001110", "72057594037927945e-1", "9223372036854775807e-19",
        ])
    func tiesTheirNeighbours(text: String) throws {
        let expected = try #require(Double(text))
        #expect(try JSON(parsing: text).isIdentical(to: .double(expected)))
        #expect(try JSON(parsing: "-" + text).isIdentical(to: .double(-expected)))
    }

    /// `Double(String)` is the reference; the parser's fast path must give the same bits.
    @Test("decimal texts read as the nearest double")
    func decimalTextsRead() throws {
        var random = SeededGenerator(seed: 3)
        func digits(_ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &random)).map { _ in
                String(Int.random(in: 0...9, using: &random))
            }.joined()
        }
        for round in 0..<20_000 {
            let whole = round % 2 == 0 ? "0" : "\(Int.random(in: 1...9, using: &random))" + digits(0...18)
            let exponent =
                round % 3 == 0 ? "" : "e\(Int.random(in: round % 5 == 0 ? -340...300 : -30...30, using: &random))"
            let text = (round % 7 == 0 ? "-" : "") + whole + "." + digits(1...20) + exponent
            let expected = try #require(Double(text))
            guard expected.isFinite else { continue }
            #expect(try JSON(parsing: text).isIdentical(to: .double(expected)), "\(text)")
        }
    }

    @Test("the text of any double reads back as that double")
    func textAnyDouble() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let text = JSONNumber.text(of: value)
            #expect(Double(text)?.bitPattern == value.bitPattern, "\(text)")
            #expect(try JSON(parsing: text).isIdentical(to: JSON.double(value).canonical), "\(text)")
        }
    }

    /// Reading the digits must not take time that grows with their square.
    @Test("a number of a million digits is decided")
    func numberMillionDigits() {
        let digits = String(repeating: "7", count: 1_000_000)
        #expect(throws: JSONError.self) { try JSON(parsing: digits) }
        #expect(throws: Never.self) { try JSON(parsing: "0." + digits) }
    }
}
