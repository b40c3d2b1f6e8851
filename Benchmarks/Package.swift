// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that what is measured against never becomes a dependency of the SDK. It doesn't depend on
// the package above it either: `package` access ends at a package, and the measurements need what is behind it. So
// `Sources/Bkend…` and `Sources/C…` are symbolic links to the targets themselves, compiled here once more with the
// settings of the manifest above. What changes there has to change here.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "bkend-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // MARK: What is measured (symbolic links)
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "BkendWire", swiftSettings: strict),
        .target(
            name: "BkendDocuments", dependencies: ["BkendWire", "CPCRE2", "CSQLite", grdb], swiftSettings: strict),
        .target(name: "BkendTransport", dependencies: [httpTypes], swiftSettings: strict),
        .target(
            name: "BkendCurl", dependencies: ["BkendTransport", "CCurl", httpTypes, metrics], swiftSettings: strict),
        .target(
            name: "BkendSync", dependencies: ["BkendWire", "BkendDocuments", grdb, logging, metrics, tracing],
            swiftSettings: strict),
        // Without its macros: the models of the measurements are written by hand.
        .target(
            name: "Bkend",
            dependencies: [
                "BkendWire", "BkendDocuments", "BkendSync", "BkendTransport", "BkendCurl", httpTypes, logging,
            ],
            swiftSettings: strict),
        .target(name: "BkendStorage", dependencies: ["BkendWire"], swiftSettings: strict),
        .target(
            name: "BkendAccounts",
            dependencies: ["BkendStorage", "BkendWire", crypto, cryptoExtras, jwtKit, logging],
            swiftSettings: strict),
        .target(
            name: "BkendServer",
            dependencies: [
                "BkendAccounts", "BkendCurl", "BkendStorage", "BkendTransport", "BkendWire", "BkendDocuments", "CPCRE2",
                "CSQLite", grdb, httpTypes, logging,
                hummingbird, hummingbirdCore, crypto, nioCore, nioHTTP1, nioPosix, serviceLifecycle, unixSignals,
            ],
            swiftSettings: strict),

        // MARK: The measurements
        .target(name: "Harness", dependencies: [argumentParser], swiftSettings: strict),
        .target(name: "CLoad", dependencies: ["CCurl"]),
        .target(
            name: "Servers", dependencies: ["BkendServer", "BkendTransport", argumentParser, httpTypes, logging],
            swiftSettings: strict),
        .executableTarget(
            name: "TransportBenchmark",
            dependencies: [
                "Harness", "CLoad", "BkendCurl", "BkendTransport", argumentParser, asyncHTTPClient, httpTypes, nioCore,
                nioHTTP1,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ServerBenchmark",
            dependencies: [
                "Harness", "CLoad", "Servers", "BkendCurl", "BkendServer", "BkendTransport", "BkendWire",
                argumentParser, httpTypes, hummingbird, logging, nioCore,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "FilesBenchmark",
            dependencies: ["Harness", "CLoad", "Servers", "Bkend", "BkendServer", argumentParser],
            swiftSettings: strict),
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: ["Harness", "Bkend", "BkendDocuments", "BkendSync", "BkendWire", argumentParser, grdb],
            swiftSettings: strict),
        .executableTarget(
            name: "SyncBenchmark",
            dependencies: [
                "Harness", "CLoad", "Servers", "Bkend", "BkendDocuments", "BkendServer", argumentParser, grdb, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "DocumentsBenchmark",
            dependencies: ["Harness", "BkendDocuments", "BkendWire", argumentParser, grdb], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
