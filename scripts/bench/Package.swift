// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "bench",
    dependencies: [
        .package(name: "modemail", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "framer",
            dependencies: [
                .product(name: "Parsers", package: "modemail"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        .target(name: "CFrames", cSettings: [.unsafeFlags(["-O3"])]),
        .executableTarget(
            name: "hdlc",
            dependencies: [
                "CFrames",
                .product(name: "Parsers", package: "modemail"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
