import BkendAccounts
import BkendDocuments
import BkendWire
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore

@testable import BkendServer

/// An environment's store without a server, with the table `t`; for what routes do to it, and to fill a server's folder
/// faster than requests would.
struct RecordStore {
    let folder: String
    let store: EnvironmentStore

    private static let name = Result { try EnvironmentName(project: "default", environment: "dev") }

    /// Makes a data folder, runs a body with the store of its environment, and removes the folder.
    static func with(_ definition: JSONObject = [:], _ body: (RecordStore) async throws -> Void) async throws {
        try await withFolder { path in
            let name = try name.get()
            _ = try DataFolder.create(at: path, name: name, now: .systemNow)
            let store = try DataFolder.open(at: path).store(of: name)
            var table: JSONObject = ["name": "t"]
            for (key, value) in definition { table[key] = value }
            _ = try store.apply(["tables": [.object(table)]])
            try await body(RecordStore(folder: path, store: store))
        }
    }

    /// The folder's publishable key.
    var key: String {
        get throws { try DataFolder.open(at: folder).control.publishableKeys(of: Self.name.get()).first ?? "" }
    }

    /// A number's id.
    static func id(_ number: Int) -> String { "65a0b1c2d3e4f5a6b7c8" + String(format: "%04x", number) }

    /// Puts a record with a text of so many bytes there, as one from before all limits would be.
    func insert(_ number: Int, bytes: Int) throws {
        let text = String(repeating: "x", count: bytes)
        let moment = "2026-01-01T00:00:00.000Z"
        let record =
            #"{"id":"\#(Self.id(number))","text":"\#(text)","createdBy":"","createdAt":"\#(moment)","updatedAt":"\#(moment)"}"#
        try store.engine.writeNow(locking: []) { session in
            let document = NewDocument(id: Self.id(number), checked: Array(record.utf8))
            try session.apply([.insert(document, Self.note)], to: session.existingTable("t"))
        }
    }

    /// What the log says of it.
    static let note = ChangeNote(author: "", owner: "", stamp: "2026-01-01T00:00:00.000Z")

    /// A record as it is stored.
    func record(_ number: Int) throws -> JSONObject? {
        try store.engine.readNow { session in
            try session.document(Self.id(number), in: session.existingTable("t"))?.json
        }
    }

    /// A request's body.
    static func body(_ json: JSON) async throws -> BodyReader.Body {
        let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/")
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: json.serialized())))
        let limits = ServerLimits()
        return try await BodyReader(bytes: limits.bodyBytes, limits: limits).read(request)
    }

    /// The routes as an administrator has them.
    func routes(_ limits: ServerLimits = ServerLimits(), answers: AnswerBudget? = nil) -> RecordRoutes {
        let account = AnswerAccount(answers ?? AnswerBudget(bytes: limits.allAnswers), client: nil)
        return RecordRoutes(
            store: store, caller: .secretKey, answers: account, limits: limits, isDynamic: false)
    }
}
