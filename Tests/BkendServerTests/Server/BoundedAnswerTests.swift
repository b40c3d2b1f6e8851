import BkendTesting
import BkendWire
import Testing

@testable import BkendServer

/// However a request is made, the answer to what is wrong with it stays small.
@Suite struct BoundedAnswerTests {
    static let tables: JSON = [
        "tables": [
            [
                "name": "t",
                "schema": [
                    "properties": [
                        "list": [
                            "type": "array",
                            "items": ["type": "string", "enum": .array((0..<200).map { .string("value \($0)") })],
                        ]
                    ]
                ],
                "permissions": ["guest": ["create": true, "read": true, "update": true]],
            ]
        ]
    ]

    /// `{NAME:{"$0":1,"$1":1,…}}`
    static func members(_ count: Int, in name: String) -> JSON {
        [name: .object(JSONObject((0..<count).map { ("$\($0)", JSON.int(1)) }))]
    }

    @Test("A name of 400,000 letters is refused where the body is read, in one detail")
    func longName() async throws {
        try await withServer(tables: Self.tables) { server in
            let body = Self.members(6_000, in: String(repeating: "a", count: 400_000))
            let answer = try await server.guest.post("/v1/t", body)
            #expect(answer.status == 400 && answer.code == "data/validation-error")
            #expect(answer.message.contains("a name of more than 1024 bytes in a JSON object at byte 1"))
            #expect(answer.body.count < 1_000)
            let id = try await server.guest.post("/v1/t", ["a": 1]).id
            #expect(try await server.guest.patch("/v1/t/\(id)", body).body.count < 1_000)
        }
    }

    @Test("A thousand bytes of name are taken, one more is not")
    func nameLimit() async throws {
        try await withServer(tables: Self.tables) { server async throws in
            let name = String(repeating: "a", count: 1_024)
            let taken: JSON = [name: ["b": [[name: 1]]]]
            #expect(try await server.guest.post("/v1/t", taken).status == 201)
            let refused: JSON = ["b": [[name + "a": 1]]]
            #expect(try await server.guest.post("/v1/t", refused).status == 400)
        }
    }

    static let hostile: [(String, JSON, Int)] = [
        ("many names", members(6_000, in: String(repeating: "a", count: 1_024)), 6_000),
        ("a list of values", ["list": .array(Array(repeating: "x", count: 20_000))], 20_000),
        ("wrong types", ["list": .array(Array(repeating: 5, count: 20_000))], 20_000),
        ("records", .array(Array(repeating: members(40, in: "a"), count: 1_000)), 40_000),
        (
            "control characters",
            members(2_000, in: String(repeating: "\u{1}", count: 1_000)), 2_000
        ),
    ]

    @Test("However an error's texts are escaped, its answer keeps to its budget")
    func escaped() {
        let control = String(repeating: "\u{1}", count: 5_000)
        let details = (0..<200).map { _ in ErrorBody.Detail(field: control, rule: "type", message: control) }
        let bounded = ErrorBody(.validationError, control, details: details).bounded
        #expect(bounded.json.serialized().count <= RouteBudget.errorBytes)
        #expect(bounded.details.count > 10 && bounded.details.count + bounded.omittedDetails == 200)
    }

    @Test("An answer lists a hundred details and counts the others", arguments: hostile)
    func details(name: String, body: JSON, failures: Int) async throws {
        try await withServer(tables: Self.tables) { server in
            let answer = try await server.guest.post("/v1/t", body)
            #expect(answer.status == 400, "\(name)")
            let listed = answer.fields.count
            #expect(listed == 100, "\(name)")
            #expect(answer.json["error"]?["omittedDetails"] == .int(Int64(failures - listed)))
            #expect(answer.message.hasSuffix("; and \(failures - 3) more"))
            #expect(answer.body.count <= RouteBudget.errorBytes, "\(name): \(answer.body.count)")
            guard body.objectValue != nil else { return }
            let id = try await server.guest.post("/v1/t", ["a": 1]).id
            let patched = try await server.guest.patch("/v1/t/\(id)", body)
            #expect(patched.json["error"] == answer.json["error"])
        }
    }

    @Test("A parameter as long as a query may be comes back cut")
    func parameters() async throws {
        try await withServer(tables: Self.tables) { server in
            let long = String(repeating: "x", count: 5_000)
            for query in [
                [(long, "1")], [("filter[\(long)]", long)], [("andFilters", #"{"a":{"$\#(long)":1}}"#)],
                [("sortBy", "$\(long)")], [("select", "a,$\(long)")], [("andFilters", #"{"$\#(long)":1}"#)],
                [("andFilters", #"{"\#(long)":1,"\#(long)":2}"#)],
            ] {
                let answer = try await server.admin.list("/v1/t", query)
                #expect(answer.status == 400)
                #expect(answer.body.count < 12_000, "\(query[0].0.prefix(20)): \(answer.body.count)")
            }
        }
    }

    @Test("A field that the caller may not write is named, not all of a hostile body's")
    func refusedFields() {
        let details = (0..<5_000).map {
            ErrorBody.Detail(field: "f\($0)" + String(repeating: "x", count: 900), rule: "permission", message: "no")
        }
        let message = String(repeating: "m", count: 500_000)
        let error = ErrorBody(.permissionDenied, message, details: details, omittedDetails: 7).bounded
        #expect(error.details.count == 100 && error.omittedDetails == 4_907)
        #expect(RouteAnswer(error).body.count < 60_000)
        let small = ErrorBody(.notFound, "gone", details: [.init(field: "id", rule: "exists", message: "gone")])
        #expect(small.bounded == small)
    }
}
