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
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "bkend-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")],
    targets: [
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "BkendWire", swiftSettings: instrumented),
        .target(
            name: "BkendDocuments", dependencies: ["BkendWire", "CPCRE2", "CSQLite", grdb],
            swiftSettings: instrumented),
        .target(name: "LibFuzzer", swiftSettings: fuzzer),
        .executableTarget(
            name: "FilterFuzz", dependencies: ["BkendDocuments", "BkendWire", "LibFuzzer", grdb],
            swiftSettings: fuzzer, linkerSettings: linked),
        .executableTarget(
            name: "PatternFuzz", dependencies: ["BkendDocuments", "BkendWire", "LibFuzzer", grdb],
            swiftSettings: fuzzer, linkerSettings: linked),
    ],
    swiftLanguageModes: [.v6]
)
