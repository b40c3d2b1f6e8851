import BkendTesting
import BkendWire
import ChildProcesses
import Foundation
import Testing

/// The command as a process, against the real server.
@Suite("The command", .timeLimit(.minutes(10)))
struct CommandTests {
    /// What a run of the command came to.
    struct Run {
        var output: String
        var errors: String
        var status: Int32
        var lines: [String] { output.split(separator: "\n").map(String.init) }
        func json() throws -> [JSON] { try lines.map { try JSON(parsing: $0) } }
    }

    /// A server with a table, and a folder for profiles.
    struct Desk: Sendable {
        let server: TestServer
        let home: String

        static let tables: JSON = [
            "tables": [
                [
                    "name": "articles",
                    "schema": [
                        "properties": [
                            "title": ["type": "string", "required": true], "views": ["type": "int", "default": 0],
                            "tags": ["type": "array", "items": ["type": "string"]],
                        ]
                    ],
                    "permissions": [
                        "user": ["create": true, "read": true, "list": true],
                        "self": ["update": true, "delete": true], "guest": ["read": true, "list": true],
                    ],
                ]
            ]
        ]

        static func run(_ body: (Desk) async throws -> Void) async throws {
            let server = try await TestServer.start(tables: tables)
            try await body(Desk(server: server, home: server.folder + "/home"))
            try await server.stop()
        }

        /// Runs the command with the server and the publishable key in its environment.
        func bkend(
            _ arguments: String..., input: String = "", environment: [String: String] = [:]
        ) async throws -> Run {
            try await bkend(arguments, input: input, environment: environment)
        }

        func bkend(
            _ arguments: [String], input: String = "", environment: [String: String] = [:]
        ) async throws -> Run {
            var variables = [
                "HOME": home, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no", "BKEND_SERVER": server.url,
                "BKEND_KEY": server.publishableKey,
            ]
            for (name, value) in environment { variables[name] = value }
            let present = variables
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(with: Result { try Self.finish(arguments, input, present) })
                }
            }
        }

        private static func finish(
            _ arguments: [String], _ input: String, _ environment: [String: String]
        ) throws -> Run {
            let child = try ChildProcess(
                ChildProcess.built("bkend"), arguments, input: .pipe, errors: .pipe, environment: environment)
            child.write(Array(input.utf8))
            close(child.input)
            let output = ChildProcess.everything(from: child.descriptor)
            let errors = ChildProcess.everything(from: child.errors)
            let ending = child.ending()
            return Run(output: output, errors: errors, status: ending.isSignal ? -ending.code : ending.code)
        }

        func signIn() async throws {
            let run = try await bkend(
                "login", "ada@example.com", "--sign-up", "--password-stdin", input: "correct horse 1\n")
            #expect(run.status == 0, "\(run.errors)")
        }
    }

    @Test("Signing in keeps server, key and session for their user alone; signing out ends the session")
    func session() async throws {
        try await Desk.run { desk in
            try await desk.signIn()
            let folder = desk.home + "/.config/bkend/default"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
            // Nothing but the profile says where the server is.
            let bare = ["BKEND_SERVER": "", "BKEND_KEY": ""]
            let found = try await desk.bkend("whoami", "--json", environment: bare)
            #expect(try found.json().first?["email"] == "ada@example.com", "\(found.errors)")
            #expect(try await desk.bkend("logout", environment: bare).output == "signed out\n")
            let nobody = try await desk.bkend("whoami", environment: bare)
            #expect(nobody.status == 77 && nobody.errors.contains("bkend login"), "\(nobody)")
            #expect(try await desk.bkend("list", "articles", environment: bare).status == 0, "a guest may list")
        }
    }

    @Test("Records are created, listed, counted, read, changed and deleted")
    func records() async throws {
        try await Desk.run { desk in
            try await desk.signIn()
            let one = try await desk.bkend("create", "articles", #"{"title": "Alpha", "tags": ["swift"]}"#, "--json")
            let id = try #require(one.json().first?["id"]?.stringValue)
            let rest = (1...250).map { #"{"title": "Beta \#($0)", "views": \#($0)}"# }.joined(separator: "\n")
            let many = try await desk.bkend("create", "articles", "-", "--json", input: rest)
            #expect(many.lines.count == 250 && many.status == 0, "\(many.errors)")

            #expect(try await desk.bkend("count", "articles").output == "251\n")
            let filter = #"views >= 240 and (tags has "swift" or title ~ /^b/i)"#
            let filtered = try await desk.bkend(
                "list", "articles", "--where", filter, "--sort", "-views", "--select", "title,views", "--json")
            #expect(try filtered.json().map { $0["views"] } == (240...250).reversed().map { JSON.int($0) })
            let table = try await desk.bkend(
                "list", "articles", "--select", "views,title", "--limit", "2", "--sort", "title")
            #expect(table.output == "views  title\n    0  Alpha\n    1  Beta 1\n")
            #expect(table.errors == "2 of 251 records; --limit, --skip or --all show others\n")
            let all = try await desk.bkend("list", "articles", "--all", "--json")
            #expect(Set(try all.json().map { $0["id"] }).count == 251)
            let paged = try await desk.bkend(
                "list", "articles", "--limit", "230", "--skip", "20", "--json", "--sort", "views")
            #expect(try paged.json().map { $0["views"] } == (20..<250).map { JSON.int($0) })

            let changed = try await desk.bkend("update", "articles", id, #"{"views": 9}"#, "--json")
            #expect(try changed.json().first?["views"] == 9 && changed.json().first?["title"] == "Alpha")
            #expect(try await desk.bkend("get", "articles", id).output.contains("views      9\n"))
            #expect(try await desk.bkend("delete", "articles", id).output == "deleted\n")
            #expect(try await desk.bkend("get", "articles", id).status == 66)
        }
    }

    @Test("What is wrong is named on standard error, with its exit status")
    func failures() async throws {
        try await Desk.run { desk in
            func expect(_ status: Int32, _ words: String, _ run: Run, _ place: SourceLocation = #_sourceLocation) {
                #expect(run.status == status && run.output.isEmpty, "\(run)", sourceLocation: place)
                #expect(run.errors.contains(words), "\(run)", sourceLocation: place)
            }
            expect(64, "       ^", try await desk.bkend("list", "articles", "--where", "a >= open"))
            expect(64, "can't be sent", try await desk.bkend("list", "articles", "--where", "not a = 1"))
            expect(64, "--sort", try await desk.bkend("list", "articles", "--all", "--sort", "title"))
            expect(64, "--select", try await desk.bkend("list", "articles", "--select", ","))
            expect(64, "Unknown option", try await desk.bkend("list", "articles", "--order", "title"))
            expect(64, "profile's name", try await desk.bkend("count", "articles", "--profile", "../x"))
            expect(64, "no server is given", try await desk.bkend("whoami", environment: ["BKEND_SERVER": ""]))
            expect(64, "--password-stdin need", try await desk.bkend("login", "--password-stdin"))
            expect(65, "isn't JSON", try await desk.bkend("create", "articles", "{title: 1}"))
            expect(65, "line 2", try await desk.bkend("create", "articles", "-", input: "{}\nx\n"))
            expect(66, "no table nothing", try await desk.bkend("list", "nothing"))
            expect(77, "data/permission-denied", try await desk.bkend("create", "articles", #"{"title": "x"}"#))
            expect(
                77, "invalid",
                try await desk.bkend(
                    "list", "articles", environment: ["BKEND_KEY": "pk_" + String(repeating: "0", count: 64)]))
            expect(
                77, "password is wrong",
                try await desk.bkend("login", "ada@example.com", "--password-stdin", input: "wrong horse 1"))
            expect(64, "empty", try await desk.bkend("login", "ada@example.com", "--password-stdin", input: "\n"))
            expect(69, "127.0.0.1", try await desk.bkend("count", "articles", "--server", "http://127.0.0.1:9"))
            #expect(!FileManager.default.fileExists(atPath: desk.home + "/.config/bkend/default/profile.json"))
        }
    }

    @Test("A profile that others can read is refused, and one that is none is named")
    func profiles() async throws {
        try await Desk.run { desk in
            try await desk.signIn()
            let path = desk.home + "/.config/bkend/default/profile.json"
            chmod(path, 0o644)
            let open = try await desk.bkend("whoami")
            #expect(open.status == 77 && open.errors.contains("chmod 600"), "\(open)")
            try Data("nonsense".utf8).write(to: URL(filePath: path))
            chmod(path, 0o600)
            #expect(try await desk.bkend("whoami").errors.contains("isn't a profile"))
            let other = try await desk.bkend("whoami", "--profile", "work")
            #expect(other.status == 77 && other.errors.contains("nobody is signed in"), "\(other)")
        }
    }

    @Test("A reader that has seen enough ends the command without a word")
    func closedPipe() async throws {
        try await Desk.run { desk in
            let key = ["BKEND_KEY": desk.server.secretKey]
            let rows = (0..<300).map { #"{"title": "\#(String(repeating: "x", count: 1_000)) \#($0)"}"# }
            let made = try await desk.bkend(
                "create", "articles", "-", "--json", input: rows.joined(separator: "\n"), environment: key)
            #expect(made.lines.count == 300, "\(made.errors)")
            let environment = [
                "HOME": desk.home, "BKEND_SERVER": desk.server.url, "BKEND_KEY": desk.server.secretKey,
                "SWIFT_BACKTRACE": "enable=no",
            ]
            let child = try ChildProcess(
                ChildProcess.built("bkend"), ["list", "articles", "--all", "--json"], errors: .pipe,
                environment: environment)
            let (first, errors, ending) = await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    let first = child.line()
                    close(child.descriptor)
                    let errors = ChildProcess.everything(from: child.errors)
                    continuation.resume(returning: (first, errors, child.wait()))
                    close(child.errors)
                }
            }
            #expect(first?.hasPrefix("{") == true && errors.isEmpty, "\(errors)")
            #expect(ending.isSignal && ending.code == SIGPIPE, "\(ending)")
        }
    }

    @Test("A login without an address leaves a session alone, and a delete with an empty id deletes nothing")
    func refusals() async throws {
        try await Desk.run { desk in
            try await desk.signIn()
            let kept = try await desk.bkend("login")
            #expect(kept.status == 64 && kept.errors.contains("bkend logout"), "\(kept)")
            let made = try await desk.bkend("create", "articles", #"{"title": "x"}"#, "--json")
            let id = try #require(made.json().first?["id"]?.stringValue)
            #expect(try await desk.bkend("delete", "articles", id, "").status == 64)
            #expect(try await desk.bkend("get", "articles", id).status == 0)
        }
    }
}
