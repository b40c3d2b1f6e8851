// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same rules: Swift 6, complete concurrency checking, no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The reference server and its dependencies; an app that only talks to a server turns it off.
let server: TargetDependencyCondition = .when(traits: ["Server"])
/// The `@Table` macro and swift-syntax; without it a table conforms by hand.
let macros: TargetDependencyCondition = .when(traits: ["Macros"])

let package = Package(
    name: "bkend-swift",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Bkend", targets: ["Bkend"]),
        .library(name: "BkendTesting", targets: ["BkendTesting"]),
        .executable(name: "bkend-server", targets: ["bkend-server"]),
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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.0"),
    ],
    targets: [
        // MARK: C libraries of the system
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    ],
    swiftLanguageModes: [.v6]
)
