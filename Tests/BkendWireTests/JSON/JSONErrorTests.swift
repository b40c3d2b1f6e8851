import BkendWire
import Testing

@Suite struct JSONErrorTests {
    @Test(
        "an error says what is wrong and where",
        arguments: [
            (.unexpectedEnd, "the JSON text ends too early at byte 3"),
            (.unexpectedByte(0x7D), "unexpected '}' in JSON at byte 3"),
            (.unexpectedByte(0), "unexpected byte 0x0 in JSON at byte 3"),
            (.trailingContent, "text after the end of the JSON value at byte 3"),
            (.trailingComma, "trailing comma in JSON at byte 3"),
            (.unescapedControl(10), "unescaped control character byte 0xa in a JSON string at byte 3"),
            (.duplicateKey("a\"b"), #"duplicate key "a\"b" at byte 3"#),
            (.tooDeep(limit: 5), "JSON nested deeper than 5 levels at byte 3"),
            (.tooManyValues(limit: 5), "more than 5 values in one JSON text at byte 3"),
            (.numberTooLarge, "number beyond the range of a double at byte 3"),
            (.integerLosesDigits, "integer beyond 64 bits would lose digits (send it as a string) at byte 3"),
        ] as [(JSONError.Reason, String)])
    func errorSaysWhat(reason: JSONError.Reason, text: String) {
        #expect(JSONError(reason, at: 3).description == text)
    }

    @Test("a hostile name doesn't make a hostile message")
    func hostileNameDoesnt() {
        let error = JSONError(.duplicateKey(String(repeating: "é", count: 1_000_000)), at: 0)
        #expect(error.description.utf8.count < 300)
    }
}
