// swift-tools-version: 6.2
import PackageDescription

// Documents, store, transport and server once more, with their tests, for `make sanitize`: everything that they link is built
// with a sanitizer, and what they don't need, the macros above all, isn't built at all. `Sources/…` and `Tests/…` are
// symbolic links to the targets of the package above, as in Benchmarks; what changes in that manifest for these targets
// has to change here.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]
func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

let argumentParser = product("ArgumentParser", "swift-argument-parser")
let crypto = product("Crypto", "swift-crypto")
let grdb = product("GRDB", "GRDB.swift")
let httpTypes = product("HTTPTypes", "swift-http-types")
let logging = product("Logging", "swift-log")

let package = Package(
    name: "bkend-sanitize",
    platforms: [.macOS(.v15)],
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
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "BkendWire", swiftSettings: strict),
        .target(
            name: "BkendDocuments", dependencies: ["BkendWire", "CPCRE2", "CSQLite", grdb], swiftSettings: strict),
        .target(
            name: "BkendSync",
            dependencies: [
                "BkendWire", "BkendDocuments", grdb, logging, product("Metrics", "swift-metrics"),
                product("Tracing", "swift-distributed-tracing"),
            ], swiftSettings: strict),
        .target(name: "BkendTransport", dependencies: [httpTypes], swiftSettings: strict),
        .target(
            name: "BkendCurl",
            dependencies: ["BkendTransport", "CCurl", httpTypes, product("Metrics", "swift-metrics")],
            swiftSettings: strict),
        .target(
            name: "Bkend",
            dependencies: [
                "BkendWire", "BkendDocuments", "BkendSync", "BkendTransport", "BkendCurl", httpTypes, logging,
            ], swiftSettings: strict),
        .target(name: "BkendStorage", dependencies: ["BkendWire"], swiftSettings: strict),
        .target(
            name: "BkendAccounts",
            dependencies: [
                "BkendStorage", "BkendWire", logging, crypto, product("CryptoExtras", "swift-crypto"),
                product("JWTKit", "jwt-kit"),
            ], swiftSettings: strict),
        .target(
            name: "BkendServer",
            dependencies: [
                "BkendAccounts", "BkendStorage", "BkendWire", "BkendDocuments", "BkendTransport", "BkendCurl",
                "CSQLite",
                grdb, httpTypes, logging, crypto,
                product("Hummingbird", "hummingbird"), product("HummingbirdCore", "hummingbird"),
                product("NIOCore", "swift-nio"), product("NIOHTTP1", "swift-nio"), product("NIOPosix", "swift-nio"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
                product("UnixSignals", "swift-service-lifecycle"),
            ], swiftSettings: strict),
        .target(name: "BkendTerminal", swiftSettings: strict),
        .target(
            name: "BkendServerCommand",
            dependencies: [
                "BkendAccounts", "BkendDocuments", "BkendServer", "BkendStorage", "BkendTerminal", "BkendWire", logging,
                argumentParser, product("NIOCore", "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "bkend-server", dependencies: ["BkendServerCommand", "CThreadSanitizer"], swiftSettings: strict),
        .target(
            name: "BkendTesting",
            dependencies: [
                "Bkend", "BkendCurl", "BkendServer", "BkendTransport", "BkendWire", httpTypes, logging,
                product("HummingbirdCore", "hummingbird"), product("NIOCore", "swift-nio"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
            ], swiftSettings: strict),

        // Linked into all tests by one of them, and into each program that they start.
        .target(
            name: "CThreadSanitizer", path: "Sources/CThreadSanitizer",
            linkerSettings: [
                .unsafeFlags(
                    ["read", "write"].flatMap { ["-Xlinker", "--wrap=__tsan_external_\($0)"] })
            ]),
        .target(name: "CChildProcess", path: "Tests/CChildProcess"),
        .target(
            name: "ChildProcesses", dependencies: ["CChildProcess"], path: "Tests/ChildProcesses",
            swiftSettings: strict),
        .target(name: "CFaultVFS", dependencies: ["CSQLite"], path: "Tests/CFaultVFS"),
        .target(name: "FaultDisk", dependencies: ["CFaultVFS"], path: "Tests/FaultDisk", swiftSettings: strict),
        .target(
            name: "RouteFuzz", dependencies: ["BkendAccounts", "BkendServer", "BkendTesting", "BkendWire"],
            path: "Tests/RouteFuzz", swiftSettings: strict),
        .executableTarget(
            name: "StoreProcess", dependencies: ["BkendSync", "BkendDocuments", "BkendWire", "CThreadSanitizer"],
            path: "Tests/StoreProcess", swiftSettings: strict),
        .target(name: "CFaultCalls", path: "Tests/CFaultCalls"),
        .executableTarget(
            name: "OpeningProcess", dependencies: ["BkendSync", "CFaultCalls", "CThreadSanitizer"],
            path: "Tests/OpeningProcess", swiftSettings: strict),
        .target(
            name: "SyncSimulation", dependencies: ["BkendSync", "BkendDocuments", "BkendWire", grdb],
            path: "Tests/SyncSimulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["SyncSimulation", "CThreadSanitizer"], path: "Tests/SyncSimulationCommand",
            swiftSettings: strict),
        .testTarget(
            name: "BkendSyncTests",
            dependencies: [
                "BkendSync", "BkendDocuments", "BkendWire", "ChildProcesses", "FaultDisk", "StoreProcess",
                "OpeningProcess", "CSQLite", grdb,
            ], swiftSettings: strict),
        .testTarget(
            name: "SyncSimulationTests", dependencies: ["SyncSimulation", "BkendSync", "BkendWire", "simulate"],
            swiftSettings: strict),
        .testTarget(
            name: "BkendCurlTests", dependencies: ["BkendCurl", "BkendTransport", "CCurl", httpTypes],
            swiftSettings: strict),
        .testTarget(
            name: "BkendDocumentsTests",
            dependencies: ["BkendDocuments", "BkendWire", "CThreadSanitizer", "FaultDisk", grdb], swiftSettings: strict),
        .testTarget(
            name: "BkendAccountsTests",
            dependencies: ["BkendAccounts", "BkendServer", "BkendStorage", "BkendWire", grdb, logging, crypto],
            swiftSettings: strict),
        // No test target may depend on it: all tests are linked as one, with the programs that they depend on, and another of
        // these has CFaultCalls, which defines the same functions.
        .target(name: "CRecordedCalls", path: "Tests/CRecordedCalls"),
        .executableTarget(
            name: "ServingProcess",
            dependencies: [
                "BkendServer", "BkendWire", "ChildProcesses", "CRecordedCalls", "CThreadSanitizer", logging,
            ],
            path: "Tests/ServingProcess", swiftSettings: strict),
        .testTarget(
            name: "BkendServerTests",
            dependencies: [
                "BkendAccounts", "BkendDocuments", "BkendServer", "BkendStorage", "BkendTerminal", "BkendTesting",
                "BkendWire", "ChildProcesses", "FaultDisk", "RouteFuzz", "bkend-server", grdb, logging,
            ], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
