// swift-tools-version: 6.2
import PackageDescription

// A package of its own, without dependencies, so that it is built in seconds whatever the server is built from: it
// knows the server by its command and by its port alone, as an attacker does.

let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]

let package = Package(
    name: "bkend-attacks",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "Load", swiftSettings: strict),
        .executableTarget(name: "attacks", dependencies: ["Load"], path: "Sources/Attacks", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
