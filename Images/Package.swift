// swift-tools-version: 6.2
import PackageDescription

// `bkend-images`, the program that bkend-server starts to resize pictures. A package of its own: it links libvips, which
// nothing else needs, and whoever depends on bkend builds none of it.

let package = Package(
    name: "bkend-images",
    products: [.executable(name: "bkend-images", targets: ["bkend-images"])],
    targets: [
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .target(name: "CPicture", dependencies: ["CVips"]),
        .executableTarget(
            name: "bkend-images", dependencies: ["CPicture"],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]),
    ]
)
