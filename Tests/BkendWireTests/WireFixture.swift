import BkendWire
import Foundation

/// The golden JSON of requests and answers, shared by every test target: `Tests/Fixtures/wire`.
enum WireFixture {
    static func text(_ name: String) throws -> String {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        while folder.lastPathComponent != "Tests", folder.pathComponents.count > 1 { folder.deleteLastPathComponent() }
        let text = try String(contentsOf: folder.appending(path: "Fixtures/wire/\(name).json"), encoding: .utf8)
        return String(text.dropLast(text.hasSuffix("\n") ? 1 : 0))
    }

    static func json(_ name: String) throws -> JSON { try JSON(parsing: try text(name)) }
}
