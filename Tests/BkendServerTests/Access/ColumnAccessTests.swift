import BkendAccounts
import BkendWire
import Testing

@testable import BkendServer

@Suite struct ColumnAccessTests {
    static let user = Caller(.user, userID: "u1", role: "user")

    static func columns(_ caller: Caller) throws -> ColumnAccess {
        let table = try TableDefinition([
            "name": "people",
            "columnPermissions": [
                "salary": ["read": "admin", "write": "admin"], "phone": ["read": "self", "write": "self"],
                "note": ["write": "admin"],
            ],
        ])
        return ColumnAccess(table, caller: caller)
    }

    static let record: JSONObject = [
        "id": "1", "name": "Ann", "salary": 10, "phone": "5", "note": "n", "createdBy": "u1",
    ]

    @Test("A record comes without the fields that the caller may not read in it")
    func reading() throws {
        #expect(try Self.columns(Caller(.admin)).visible(Self.record, caller: Caller(.admin)) == Self.record)
        let own = try Self.columns(Self.user).visible(Self.record, caller: Self.user)
        #expect(own.keys == ["id", "name", "phone", "note", "createdBy"])
        let stranger = Caller(.user, userID: "u2", role: "user")
        #expect(
            try Self.columns(stranger).visible(Self.record, caller: stranger).keys == [
                "id", "name", "note", "createdBy",
            ])
        let guest = Caller(.guest)
        #expect(
            try Self.columns(guest).visible(Self.record, caller: guest).keys == ["id", "name", "note", "createdBy"])
    }

    @Test("Writing a field without permission is refused by name")
    func writing() throws {
        let columns = try Self.columns(Self.user)
        try columns.checkWrite(["name", "phone"], isOwn: true)
        let error = #expect(throws: ErrorBody.self) {
            try columns.checkWrite(["name", "note", "phone"], isOwn: false)
        }
        #expect(error?.code == .permissionDenied)
        #expect(error?.details.map(\.field) == ["note", "phone"])
    }

    @Test("An error names a field that the caller wrote or may read, and no other")
    func naming() throws {
        let columns = try Self.columns(Self.user)
        #expect(columns.conceals("salary", in: ["name": 1], isOwn: true))
        #expect(!columns.conceals("salary", in: ["salary": 1], isOwn: false))
        #expect(!columns.conceals("phone", in: [:], isOwn: true) && columns.conceals("phone", in: [:], isOwn: false))
        #expect(!columns.conceals("name", in: [:], isOwn: false))
    }
}
