// swift-tools-version: 6.3
import PackageDescription

/// Warnings are errors and memory safety is strict, in every target: a finding is mended, not collected.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "modemail",
    products: [
        .executable(name: "modemail", targets: ["modemail"]),
        .executable(name: "fake-modem", targets: ["fake-modem"]),
        // For scripts/fuzz, which is a package of its own.
        .library(
            name: "Parsers",
            targets: [
                "AT", "PPP", "Mail", "SMTP", "Modem", "Settings", "FakeModem", "Scopes", "Credentials", "TLS", "Tunnel",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CLinux"),

        library("Scopes", []),
        library("Credentials", [nioCore]),
        library("ByteStreams", ["Scopes", nioCore]),
        library("AT", ["Scopes", "Credentials", nioCore]),
        library("PPP", ["Scopes", "Credentials", nioCore]),
        library("Mail", ["Scopes", nioCore]),
        library("SMTP", ["Scopes", "Credentials", "ByteStreams", nioCore]),
        library("TLS", ["Scopes", "Credentials", "ByteStreams", "COpenSSL", nioCore, nioPosix, systemPackage]),
        library("SerialPort", ["Scopes", "CLinux", nioCore, nioPosix, systemPackage]),
        library("Sockets", ["Scopes", "ByteStreams", "CLinux", nioCore, nioPosix, systemPackage]),
        library("Tunnel", ["Scopes", "CLinux", nioCore, nioPosix, systemPackage]),
        library(
            "Modem", ["Scopes", "Credentials", "ByteStreams", "AT", nioCore, nioPosix, systemPackage]),
        library(
            "Bearer",
            [
                "Scopes", "Credentials", "ByteStreams", "AT", "Modem", "PPP", "Tunnel", "Sockets", nioCore, nioPosix,
                systemPackage,
            ]),
        library("Terminal", ["Scopes", nioPosix]),
        library("Settings", ["Scopes", "Credentials", "CYAML", systemPackage]),
        library(
            "Courier",
            [
                "Scopes", "Credentials", "ByteStreams", "AT", "Mail", "SMTP", "TLS", "SerialPort", "Sockets", "Tunnel",
                "Modem", "Bearer", "Terminal", "Settings", nioCore, nioPosix, systemPackage,
            ]),
        library(
            "FakeModem",
            [
                "Scopes", "Credentials", "ByteStreams", "PPP", "SMTP", "TLS", "Sockets", "Tunnel", "CLinux", nioCore,
                nioPosix, systemPackage,
            ]),
        .executableTarget(
            name: "modemail",
            dependencies: [
                "Scopes", "Settings", "Courier", "Terminal", "Tunnel", argumentParser, nioCore, nioPosix, systemPackage,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "fake-modem",
            dependencies: ["Scopes", "Credentials", "FakeModem", "Tunnel", argumentParser, nioCore],
            swiftSettings: settings),

        .target(
            name: "Support",
            path: "Tests/Support",
            swiftSettings: settings),
        tests("ScopesTests", ["Scopes", "Support"]),
        tests("ByteStreamsTests", ["ByteStreams", "Scopes", "Support", nioCore]),
        tests("ATTests", ["AT", "Credentials", "Scopes", "Support", nioCore]),
        tests("PPPTests", ["PPP", "Credentials", "Scopes", "Support", "TLS", nioCore]),
        tests("MailTests", ["Mail", "Scopes", "Support", nioCore]),
        tests("SMTPTests", ["SMTP", "TLS", "ByteStreams", "Credentials", "Scopes", "Support", nioCore]),
        tests(
            "TLSTests", ["TLS", "ByteStreams", "Credentials", "Scopes", "Support", nioCore, nioPosix]),
        tests("SerialPortTests", ["SerialPort", "CLinux", "Scopes", "Support", nioCore, nioPosix, systemPackage]),
        tests("SocketsTests", ["Sockets", "ByteStreams", "Scopes", "Support", nioCore, nioPosix]),
        tests(
            "TunnelTests",
            [
                "Tunnel", "Bearer", "Sockets", "ByteStreams", "CLinux", "Scopes", "Support", nioCore, nioPosix,
            ]),
        tests(
            "ModemTests",
            [
                "Modem", "AT", "ByteStreams", "Credentials", "FakeModem", "Scopes", "SerialPort", "Support", nioCore,
                nioPosix, nioEmbedded, systemPackage,
            ]),
        tests(
            "BearerTests",
            [
                "Bearer", "Modem", "AT", "ByteStreams", "Credentials", "PPP", "Scopes", "Sockets", "Support", "TLS",
                "Tunnel", nioCore, nioPosix,
            ]),
        tests("TerminalTests", ["Terminal", "Support"]),
        tests("SettingsTests", ["Settings", "Credentials", "Scopes", "Support", systemPackage]),
        tests(
            "FakeModemTests",
            [
                "FakeModem", "ByteStreams", "Credentials", "PPP", "SMTP", "TLS", "Scopes", "Sockets", "Support",
                "Tunnel", nioCore, nioPosix, systemPackage,
            ]),
        tests(
            "CourierTests",
            [
                "Courier", "Settings", "Modem", "FakeModem", "ByteStreams", "Credentials", "Scopes", "Support", "TLS",
                "Tunnel", nioCore, nioPosix,
            ]),
    ],
    swiftLanguageModes: [.v6]
)
