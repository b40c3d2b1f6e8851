// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since `package` access ends at a package: what compiles here compiles in an app. The samples and
// the documents' code are symbolic links; `Notes` and `NotesApp` are an app of two modules. `make outside` builds it.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]
let bkend = Target.Dependency.product(name: "Bkend", package: "bkend-swift")
let bkendTesting = Target.Dependency.product(name: "BkendTesting", package: "bkend-swift")

func cookbook(_ name: String, _ folder: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["SampleDevice", bkend, .product(name: "ArgumentParser", package: "swift-argument-parser")],
        path: "Sources/\(folder)", exclude: ["README.md", "tables.json"], swiftSettings: strict)
}

let package = Package(
    name: "bkend-outside",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "bkend-swift", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .target(name: "Notes", dependencies: [bkend], swiftSettings: strict),
        .executableTarget(
            name: "NotesApp",
            dependencies: ["Notes", bkend, .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: strict),
        .executableTarget(
            name: "Quickstart", dependencies: [bkend], resources: [.copy("tables.json")], swiftSettings: strict),
        .executableTarget(
            name: "offline-notes",
            dependencies: [bkend, .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Sources/OfflineNotes", exclude: ["README.md", "tables.json"], swiftSettings: strict),
        .target(
            name: "SampleDevice",
            dependencies: [bkend, .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        cookbook("blog", "Blog"),
        cookbook("social", "SocialNetwork"),
        cookbook("recipes", "RecipeApp"),
        cookbook("mall", "ShoppingMall"),
        .testTarget(
            name: "NotesTests",
            dependencies: ["Notes", bkend, bkendTesting, .product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: strict),
        .testTarget(name: "TestedNotes", dependencies: [bkend, bkendTesting], swiftSettings: strict),
        .testTarget(
            name: "DocumentTests",
            dependencies: [
                bkend, bkendTesting, .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
