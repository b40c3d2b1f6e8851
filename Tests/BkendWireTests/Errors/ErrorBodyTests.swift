import BkendWire
import Testing

@Suite struct ErrorBodyTests {
    @Test(
        "the known shapes are read",
        arguments: [
            (#"{"error":{"code":"data/not-found","message":"gone"}}"#, 404, "404 data/not-found: gone"),
            (#"{"error":{"code":"data/not-found"},"message":"outer"}"#, 404, "404 data/not-found: outer"),
            (#"{"error":{"message":"gone"},"code":"data/not-found"}"#, 404, "404 data/not-found: gone"),
            (
                #"{"statusCode":409,"error":"DUPLICATE_VALUE","message":"taken"}"#, 500,
                "409 data/duplicate-value: taken"
            ),
            (#"{"statusCode":404,"error":"TABLE_NOT_FOUND"}"#, 404, "404 data/table-not-found: TABLE_NOT_FOUND"),
            (#"{"error":"TEAPOT_ERROR","message":"short"}"#, 418, "418 TEAPOT_ERROR: short"),
            (#"{"code":"auth/brand-new","message":"m"}"#, 403, "403 auth/brand-new: m"),
            (#"{"error":{"code":"made/up","message":""}}"#, 422, "422 made/up: "),
            (#"{"statusCode":200,"error":"FORBIDDEN","message":"m"}"#, 403, "403 data/permission-denied: m"),
            (#"{"statusCode":-5,"error":"FORBIDDEN","message":"m"}"#, 403, "403 data/permission-denied: m"),
            (
                #"{"statusCode":9223372036854775807,"error":"FORBIDDEN","message":"m"}"#, 403,
                "403 data/permission-denied: m"
            ),
            (#"{"statusCode":"404","error":"FORBIDDEN","message":"m"}"#, 403, "403 data/permission-denied: m"),
        ])
    func knownShapesRead(body: String, status: Int, text: String) throws {
        #expect(ErrorBody(try JSON(parsing: body), status: status)?.description == text)
    }

    @Test(
        "what is no error of bkend's is none",
        arguments: [
            "null", "[]", "{}", "\"<html>502 Bad Gateway</html>\"", #"{"items":[]}"#, #"{"id":"1","title":"x"}"#,
            #"{"success":false}"#, #"{"message":"Bad Gateway"}"#, #"{"code":502,"message":"Bad Gateway"}"#,
            #"{"error":null,"message":"x"}"#, #"{"error":{}}"#, #"{"error":true}"#, #"{"error":{"message":"x"}}"#,
            #"{"code":"x"}"#,
        ])
    func whatNoError(body: String) throws {
        #expect(ErrorBody(try JSON(parsing: body), status: 502) == nil)
    }

    @Test("details are read from either place, and what is none is passed over")
    func detailsReadFrom() throws {
        let detail = #"{"field":"title","rule":"required","message":"m"}"#
        let expected = ErrorBody.Detail(field: "title", rule: "required", message: "m")
        for body in [
            #"{"error":{"code":"c","message":"m","details":[\#(detail)]}}"#,
            #"{"error":{"code":"c","message":"m"},"details":[\#(detail),1,{}]}"#,
            #"{"error":"c","message":"m","details":[\#(detail)]}"#,
        ] {
            #expect(ErrorBody(try JSON(parsing: body), status: 400)?.details == [expected])
        }
        let path = try JSON(parsing: #"{"error":{"code":"c","details":[{"path":"a.b"}]}}"#)
        #expect(ErrorBody(path, status: 400)?.details == [.init(field: "a.b", rule: "", message: "")])
        #expect(ErrorBody(try JSON(parsing: #"{"error":"c","details":"x","message":"m"}"#), status: 400)?.details == [])
    }

    @Test(
        "a long text is cut in its middle, between scalars",
        arguments: [
            ("", 4, ""), ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcd…fg"), ("ééééé", 6, "éé…é"), ("é", 1, "…"),
            ("a😀😀😀b", 6, "a…b"), (String(repeating: "x", count: 400_000), 3, "xx…x"),
        ])
    func longTextCut(text: String, limit: Int, short: String) {
        #expect(text.shortened(to: limit) == short)
    }

    @Test(
        "the largest limit is a count or nothing",
        arguments: [("0", nil), ("-3", nil), ("1", 1), ("\"7\"", nil), ("1e30", nil), ("24", 24)] as [(String, Int?)])
    func largestLimitCount(text: String, limit: Int?) throws {
        for body in [
            #"{"error":{"code":"data/page-too-large","largestLimit":\#(text)}}"#,
            #"{"error":{"code":"data/page-too-large"},"largestLimit":\#(text)}"#,
        ] { #expect(ErrorBody(try JSON(parsing: body), status: 400)?.largestLimit == limit) }
    }

    @Test("a sent error reads back")
    func sentErrorReads() {
        var large = ErrorBody(.pageTooLarge, "m")
        large.largestLimit = 7
        #expect(ErrorBody(.object(large.json), status: 599) == large)
        for error in [
            ErrorBody(.tableNotFound, "no table x"), ErrorBody("made/up", "é", status: 418),
            ErrorBody(.validationError, "", details: [.init(field: "a.b", rule: "r", message: "m")]),
            ErrorBody(
                .validationError, "", details: [.init(field: "a", rule: "r", message: "m")], omittedDetails: 5_900),
        ] {
            #expect(ErrorBody(.object(error.json), status: 599) == error)
        }
    }
}
