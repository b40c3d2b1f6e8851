// swift-tools-version: 6.2
import CompilerPluginSupport
import PackageDescription

/// Every target is held to the same rules: Swift 6, complete concurrency checking, no warnings. Without
/// MemberImportVisibility: which module the members of C's `struct stat` belong to differs from build to build (6.3), so
/// that a build would fail by chance.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// A dependency of the reference server. An app that only talks to a server turns the trait off and fetches none.
func server(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Server"]))
}

/// A dependency of the `@Table` macro. Without the trait a model conforms to `Table` by hand.
func macros(_ product: String) -> Target.Dependency {
    .product(name: product, package: "swift-syntax", condition: .when(traits: ["Macros"]))
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")

/// One of the cookbooks' apps: a command over `SampleDevice`, what all of them share.
func cookbook(_ name: String, _ folder: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["Bkend", "SampleDevice", server("ArgumentParser", "swift-argument-parser")],
        path: "Samples/\(folder)", exclude: ["README.md", "tables.json"], swiftSettings: strict)
}

let package = Package(
    name: "bkend-swift",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Bkend", targets: ["Bkend"]),
        .library(name: "BkendTesting", targets: ["BkendTesting"]),
        .executable(name: "bkend-server", targets: ["bkend-server"]),
        .executable(name: "bkend", targets: ["BkendPrograms"]),
        .plugin(name: "GenerateBkendModels", targets: ["GenerateBkendModels"]),
    ],
    traits: [
        .trait(name: "Server", description: "The reference server, the bkend-server command and BkendTesting."),
        .trait(name: "Macros", description: "The @Table macro."),
        .default(enabledTraits: ["Server", "Macros"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // MARK: C libraries of the system: module maps, and shims for what Swift can't import
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // MARK: What both ends share
        .target(name: "BkendWire", swiftSettings: strict),
        .target(
            name: "BkendDocuments", dependencies: ["BkendWire", "CPCRE2", "CSQLite", grdb], swiftSettings: strict),
        .target(
            name: "BkendSync",
            dependencies: ["BkendWire", "BkendDocuments", grdb, logging, metrics, tracing], swiftSettings: strict),

        // MARK: The client
        .target(name: "BkendTransport", dependencies: [httpTypes], swiftSettings: strict),
        .target(
            name: "BkendCurl", dependencies: ["BkendTransport", "CCurl", httpTypes, metrics], swiftSettings: strict),
        .target(
            name: "Bkend",
            dependencies: [
                "BkendWire", "BkendDocuments", "BkendSync", "BkendTransport", "BkendCurl", httpTypes, logging,
                .target(name: "BkendMacros", condition: .when(traits: ["Macros"])),
            ],
            swiftSettings: strict),
        .target(name: "BkendTerminal", swiftSettings: strict),
        .target(name: "BkendModelWriter", dependencies: ["BkendWire"], swiftSettings: strict),
        .target(
            name: "BkendCommand",
            dependencies: [
                "Bkend", "BkendModelWriter", "BkendServer", "BkendSync", "BkendTerminal", "BkendWire", logging,
                server("ArgumentParser", "swift-argument-parser"), server("UnixSignals", "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // MARK: A plugin that writes models; what it runs needs neither the client nor another package
        .executableTarget(name: "bkend-models", dependencies: ["BkendModelWriter"], swiftSettings: strict),
        .plugin(
            name: "GenerateBkendModels",
            capability: .command(
                intent: .custom(
                    verb: "generate-bkend-models", description: "Write the Swift models of tables of a bkend server."),
                permissions: [.writeToPackageDirectory(reason: "It writes the models into the package's targets.")]),
            dependencies: ["bkend-models"]),

        // MARK: Macros
        .target(
            name: "BkendMacroExpansion",
            dependencies: [
                macros("SwiftSyntaxMacros"), macros("SwiftSyntax"), macros("SwiftSyntaxBuilder"),
                macros("SwiftDiagnostics"),
            ],
            swiftSettings: strict),
        .macro(
            name: "BkendMacros",
            dependencies: ["BkendMacroExpansion", macros("SwiftCompilerPlugin"), macros("SwiftSyntaxMacros")],
            swiftSettings: strict),

        // MARK: The server
        .target(name: "BkendStorage", dependencies: ["BkendWire"], swiftSettings: strict),
        .target(
            name: "BkendAccounts",
            dependencies: [
                "BkendStorage", "BkendWire", logging, server("Crypto", "swift-crypto"),
                server("CryptoExtras", "swift-crypto"),
                server("JWTKit", "jwt-kit"),
            ],
            swiftSettings: strict),
        .target(
            name: "BkendServer",
            dependencies: [
                "BkendAccounts", "BkendStorage", "BkendWire", "BkendDocuments", "BkendTransport", "BkendCurl", grdb,
                httpTypes, logging, server("Hummingbird", "hummingbird"),
                server("HummingbirdCore", "hummingbird"), server("Crypto", "swift-crypto"),
                server("NIOCore", "swift-nio"), server("NIOHTTP1", "swift-nio"), server("NIOPosix", "swift-nio"),
                server("ServiceLifecycle", "swift-service-lifecycle"),
                server("UnixSignals", "swift-service-lifecycle"), "CSQLite",
            ],
            swiftSettings: strict),
        .target(
            name: "BkendServerCommand",
            dependencies: [
                "BkendAccounts", "BkendDocuments", "BkendServer", "BkendStorage", "BkendTerminal", "BkendWire", logging,
                server("ArgumentParser", "swift-argument-parser"), server("NIOCore", "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "bkend-server", dependencies: ["BkendServerCommand"], swiftSettings: strict),
        .target(
            name: "BkendTesting",
            dependencies: [
                "Bkend", "BkendCurl", "BkendServer", "BkendTransport", "BkendWire", httpTypes, logging,
                server("HummingbirdCore", "hummingbird"), server("NIOCore", "swift-nio"),
                server("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // MARK: The client's and the server's command in one
        .executableTarget(
            name: "BkendPrograms", dependencies: ["BkendCommand", "BkendServerCommand"], swiftSettings: strict),

        // MARK: Samples
        .executableTarget(
            name: "Quickstart", dependencies: ["Bkend"], path: "Samples/Quickstart",
            resources: [.copy("tables.json")],
            swiftSettings: strict),
        .executableTarget(
            name: "offline-notes", dependencies: ["Bkend", server("ArgumentParser", "swift-argument-parser")],
            path: "Samples/OfflineNotes", exclude: ["README.md", "tables.json"], swiftSettings: strict),
        .executableTarget(
            name: "groceries", dependencies: ["Bkend"], path: "Samples/Groceries", swiftSettings: strict),
        .target(
            name: "SampleDevice", dependencies: ["Bkend", server("ArgumentParser", "swift-argument-parser")],
            path: "Samples/Device", swiftSettings: strict),
        cookbook("blog", "Blog"),
        cookbook("social", "SocialNetwork"),
        cookbook("recipes", "RecipeApp"),
        cookbook("mall", "ShoppingMall"),

        .testTarget(
            name: "TestedNotes", dependencies: ["Bkend", "BkendTesting"], path: "Samples/TestedNotes",
            swiftSettings: strict),

        // MARK: Tests
        .target(name: "CChildProcess", path: "Tests/CChildProcess"),
        .target(
            name: "ChildProcesses", dependencies: ["CChildProcess"], path: "Tests/ChildProcesses",
            swiftSettings: strict),
        .target(name: "CFaultVFS", dependencies: ["CSQLite"], path: "Tests/CFaultVFS"),
        .target(name: "FaultDisk", dependencies: ["CFaultVFS"], path: "Tests/FaultDisk", swiftSettings: strict),
        .testTarget(name: "FaultDiskTests", dependencies: ["FaultDisk", "CSQLite"], swiftSettings: strict),
        .testTarget(name: "BkendWireTests", dependencies: ["BkendWire"], swiftSettings: strict),
        .testTarget(
            name: "BkendDocumentsTests", dependencies: ["BkendDocuments", "BkendWire", "FaultDisk", grdb],
            swiftSettings: strict),
        .executableTarget(
            name: "StoreProcess", dependencies: ["BkendSync", "BkendDocuments", "BkendWire"],
            path: "Tests/StoreProcess", swiftSettings: strict),
        .target(name: "CFaultCalls", path: "Tests/CFaultCalls"),
        .executableTarget(
            name: "OpeningProcess", dependencies: ["BkendSync", "CFaultCalls"], path: "Tests/OpeningProcess",
            swiftSettings: strict),
        .testTarget(
            name: "BkendSyncTests",
            dependencies: [
                "BkendSync", "BkendDocuments", "BkendWire", "ChildProcesses", "FaultDisk", "StoreProcess",
                "OpeningProcess", "CSQLite", grdb,
            ], swiftSettings: strict),
        .target(
            name: "SyncSimulation", dependencies: ["BkendSync", "BkendDocuments", "BkendWire", grdb],
            path: "Tests/SyncSimulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["SyncSimulation"], path: "Tests/SyncSimulationCommand",
            swiftSettings: strict),
        .testTarget(
            name: "SyncSimulationTests", dependencies: ["SyncSimulation", "BkendSync", "BkendWire", "simulate"],
            swiftSettings: strict),
        .testTarget(
            name: "BkendTransportTests", dependencies: ["BkendTransport", httpTypes], swiftSettings: strict),
        .testTarget(
            name: "BkendCurlTests", dependencies: ["BkendCurl", "BkendTransport", "CCurl", httpTypes],
            swiftSettings: strict),
        .target(name: "SnippetCompiler", path: "Tests/SnippetCompiler", swiftSettings: strict),
        .testTarget(
            name: "BkendTests",
            dependencies: [
                "Bkend", "BkendSync", "BkendWire", "BkendTransport", "SnippetCompiler", httpTypes, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BkendCommandTests",
            dependencies: [
                "BkendCommand", "Bkend", "BkendModelWriter", "BkendSync", "BkendTerminal", "BkendTesting", "BkendWire",
                "ChildProcesses", "SnippetCompiler", "bkend-models", "groceries",
            ],
            exclude: ["Generated/tables.json"], swiftSettings: strict),
        .testTarget(
            name: "BkendMacroExpansionTests",
            dependencies: [
                "Bkend", "BkendMacroExpansion", macros("SwiftSyntaxMacrosGenericTestSupport"),
                macros("SwiftSyntaxBuilder"),
                macros("SwiftSyntaxMacroExpansion"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BkendAccountsTests",
            dependencies: [
                "BkendAccounts", "BkendServer", "BkendStorage", "BkendWire", grdb, logging,
                server("Crypto", "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(
            name: "RouteFuzz", dependencies: ["BkendAccounts", "BkendServer", "BkendTesting", "BkendWire"],
            path: "Tests/RouteFuzz", swiftSettings: strict),
        .executableTarget(
            name: "fuzz-routes", dependencies: ["RouteFuzz"], path: "Tests/RouteFuzzCommand", swiftSettings: strict),
        // No test target may depend on it: all tests are linked as one, with the programs that they depend on, and another of
        // these has CFaultCalls, which defines the same functions.
        .target(name: "CRecordedCalls", path: "Tests/CRecordedCalls"),
        .executableTarget(
            name: "ServingProcess",
            dependencies: ["BkendServer", "BkendWire", "ChildProcesses", "CRecordedCalls", logging],
            path: "Tests/ServingProcess", swiftSettings: strict),
        .testTarget(
            name: "BkendServerTests",
            dependencies: [
                "BkendAccounts", "BkendDocuments", "BkendServer", "BkendStorage", "BkendTerminal", "BkendTesting",
                "BkendWire", "ChildProcesses", "FaultDisk", "RouteFuzz", "bkend-server", grdb, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "SessionProcess", dependencies: ["Bkend", "ChildProcesses"], path: "Tests/SessionProcess",
            swiftSettings: strict),
        .executableTarget(
            name: "AppProcess", dependencies: ["Bkend", "BkendTesting", "ChildProcesses"], path: "Tests/AppProcess",
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AppProcess", "Bkend", "BkendCommand", "BkendCurl", "BkendPrograms", "BkendServer", "BkendTesting",
                "BkendTransport", "BkendWire", "ChildProcesses", "Quickstart", "SessionProcess", "bkend-server",
                "blog", "groceries", "mall", "offline-notes", "recipes", "social", httpTypes, logging,
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
