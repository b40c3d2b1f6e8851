// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "groceries",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "bkend-swift", path: "../bkend-swift", traits: ["Macros"])
    ],
    targets: [
        .executableTarget(
            name: "groceries", dependencies: [.product(name: "Bkend", package: "bkend-swift")])
    ]
)
