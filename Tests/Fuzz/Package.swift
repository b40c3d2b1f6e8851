// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since a fuzzer's targets are compiled for it alone: with libFuzzer's counters of covered code and
// with AddressSanitizer. `Sources/Bkend…` and `Sources/C…` are symbolic links to the targets of the package above, as in
// Benchmarks. What changes in that manifest for these targets has to change here.

let instrumented: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .unsafeFlags(["-sanitize=fuzzer,address"]),
]
let fuzzer: [SwiftSetting] = instrumented + [.unsafeFlags(["-parse-as-library"])]
// The default linker of the toolchain doesn't find the sections of the counters.
let linked: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

let grdb = product("GRDB", "GRDB.swift")
let httpTypes = product("HTTPTypes", "swift-http-types")
let logging = product("Logging", "swift-log")
let metrics = product("Metrics", "swift-metrics")

let package = Package(
    name: "bkend-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "BkendWire", swiftSettings: instrumented),
        .target(
            name: "BkendDocuments", dependencies: ["BkendWire", "CPCRE2", "CSQLite", grdb],
            swiftSettings: instrumented),
        .target(
            name: "BkendSync",
            dependencies: [
                "BkendWire", "BkendDocuments", grdb, logging, metrics, product("Tracing", "swift-distributed-tracing"),
            ], swiftSettings: instrumented),
        .target(name: "BkendTransport", dependencies: [httpTypes], swiftSettings: instrumented),
        .target(
            name: "BkendCurl", dependencies: ["BkendTransport", "CCurl", httpTypes, metrics],
            swiftSettings: instrumented),
        .target(
            name: "Bkend",
            dependencies: [
                "BkendWire", "BkendDocuments", "BkendSync", "BkendTransport", "BkendCurl", httpTypes, logging,
            ], swiftSettings: instrumented),
        .target(name: "LibFuzzer", swiftSettings: fuzzer),
        .executableTarget(
            name: "JSONFuzz", dependencies: ["BkendWire", "LibFuzzer"], swiftSettings: fuzzer, linkerSettings: linked),
        .executableTarget(
            name: "AnswerFuzz", dependencies: ["Bkend", "BkendSync", "BkendWire", "LibFuzzer"],
            swiftSettings: fuzzer, linkerSettings: linked),
        .executableTarget(
            name: "FilterFuzz", dependencies: ["BkendDocuments", "BkendWire", "LibFuzzer", grdb],
            swiftSettings: fuzzer, linkerSettings: linked),
        .executableTarget(
            name: "PatternFuzz", dependencies: ["BkendDocuments", "BkendWire", "LibFuzzer", grdb],
            swiftSettings: fuzzer, linkerSettings: linked),
    ],
    swiftLanguageModes: [.v6]
)
