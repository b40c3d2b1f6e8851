import Bkend
import Testing

@Suite("Answers that are errors")
struct AnswerTests {
    private func error(
        _ body: String, status: Int, headers: [String: String] = ["Content-Type": "application/json"]
    ) async throws -> BkendError {
        let transport = ScriptedTransport(ScriptedTransport.Answer(status: status, headers: headers, body: body))
        let table = try testClient(transport).table(Book.self)
        return try #require(
            await failure { () async throws(BkendError) in
                try await table.get("a1", options: CallOptions(retry: .never))
            })
    }

    @Test(
        "the three shapes of an error mean the same",
        arguments: [
            #"{"success":false,"statusCode":404,"code":"data/not-found","error":{"code":"data/not-found","message":"no such record"},"message":"x"}"#,
            #"{"error":{"code":"data/not-found","message":"no such record"}}"#,
            #"{"statusCode":404,"error":"NOT_FOUND","message":"no such record"}"#,
        ])
    func shapes(body: String) async throws {
        let error = try await error(body, status: 404, headers: ["X-Request-Id": "r-7"])
        #expect(error.code == .notFound)
        #expect(error.requestID == "r-7")
        #expect(error.operation == BkendError.Operation(method: "GET", table: "books", recordID: "a1"))
        #expect(
            error.description == "GET books/a1: the server answered 404 data/not-found: no such record (request r-7)")
    }

    @Test("an unknown code is kept as it is")
    func unknownCode() async throws {
        let error = try await error(#"{"error":{"code":"data/brand-new","message":"m"}}"#, status: 418)
        #expect(error.code == "data/brand-new")
    }

    @Test("details are part of the message")
    func details() async throws {
        let body =
            #"{"error":{"code":"data/validation-error","message":"bad","details":[{"field":"title","rule":"required","message":"is required"}]}}"#
        #expect(try await error(body, status: 400).description.contains("bad [title: is required]"))
    }

    @Test(
        "what isn't bkend's is no success",
        arguments: [
            ("<html>Sign in to the network</html>", 200, "text/html"), ("", 200, "application/json"),
            ("<html>Moved</html>", 302, "text/html"), ("{\"ok\":true}", 500, "application/json"),
            ("{\"a\":1,}", 200, "application/json"), ("Bad gateway", 502, "text/plain"),
        ])
    func foreign(body: String, status: Int, type: String) async throws {
        let error = try await error(body, status: status, headers: ["Content-Type": type])
        guard case .foreignAnswer(status, type, _) = error.reason else {
            Issue.record("expected a foreign answer, not \(error)")
            return
        }
        #expect(error.description.contains("check the client's URL"))
    }

    @Test("an error wrapped in 200 is an error")
    func wrappedError() async throws {
        let body = #"{"success":false,"statusCode":403,"error":{"code":"data/permission-denied","message":"no"}}"#
        let error = try await error(body, status: 200)
        #expect(error.code == .permissionDenied)
    }

    @Test("a record that doesn't fit the model is named, with the field's path")
    func decoding() async throws {
        let record = recordText("r9", #""title":"x","editors":[{"name":"a"},{"name":5}]"#)
        let error = try await error(record, status: 200)
        guard case .decoding(let flaw, let id) = error.reason else {
            Issue.record("expected a decoding error, not \(error)")
            return
        }
        #expect(id == "r9")
        #expect(flaw.path == "editors[1].name")
        #expect(flaw.message == "expected a string, found number")
        let transport = ScriptedTransport(.json(pageText([recordText("a"), recordText("b", "")])))
        let page = try await testClient(transport).table(Book.self).page()
        #expect(page.records.map(\.id) == ["a"])
        #expect(page.undecodable.map(\.description) == ["b: title: the field is missing"])
    }

    @Test("system fields are part of every record")
    func systemFields() async throws {
        let missing = try await error(#"{"id":"a1","createdAt":"2025-01-08T00:00:00Z","title":""}"#, status: 200)
        #expect(missing.description.contains("updatedAt: the field is missing"))
        let list = try await error("[1,2]", status: 200)
        #expect(list.description.contains("expected a record"))
    }

    @Test("no key appears in an error, whatever the server says")
    func secrets() async throws {
        let error = try await error(
            #"{"error":{"code":"auth/invalid-api-key","message":"unknown key \#(testKey)"}}"#, status: 401)
        #expect(!error.description.contains(testKey))
        #expect(error.description.contains("check the key"))
    }
}
