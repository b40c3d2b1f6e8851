import BkendWire
import Testing

@Suite struct PermissionsTests {
    @Test("a table that configures nothing has the documented defaults")
    func tableConfiguresNothing() {
        let defaults = Permissions.unconfigured
        for operation in TableOperation.allCases {
            #expect(defaults.allows(.user, operation) == [.create, .read, .list].contains(operation))
            #expect(defaults.allows(.guest, operation) == [.read, .list].contains(operation))
            #expect(!defaults.allows(.self, operation))
        }
    }

    @Test("list falls back to read, in the same group only, unless it is said")
    func listFallsBack() {
        var permissions = Permissions()
        permissions[.user, .read] = true
        #expect(permissions.allows(.user, .list))
        #expect(!permissions.allows(.guest, .list))
        permissions[.user, .list] = false
        #expect(!permissions.allows(.user, .list))
        permissions[.user, .list] = nil
        #expect(permissions.allows(.user, .list))
        permissions[.user, .read] = false
        #expect(!permissions.allows(.user, .list))
        permissions[.guest, .list] = true
        #expect(!permissions.allows(.guest, .read))
    }

    @Test("taking a grant back leaves nothing behind")
    func takingGrantBack() {
        var permissions = Permissions()
        permissions[.guest, .read] = true
        #expect(permissions.json.description == #"{"guest":{"read":true}}"#)
        permissions[.guest, .read] = nil
        #expect(permissions == Permissions())
        #expect(permissions.json.isEmpty)
    }
}
