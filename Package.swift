// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
]

let package = Package(
    name: "portreeve",
    products: [.executable(name: "portreeve", targets: ["portreeve"])],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
    targets: [
        .systemLibrary(name: "CLinux"),
        .target(name: "CStart"),
        .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
        .systemLibrary(name: "CNftnl", pkgConfig: "libnftnl", providers: [.apt(["libnftnl-dev"])]),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "Addressing", swiftSettings: strict),
        .target(name: "Printing", swiftSettings: strict),
        .target(name: "Policies", dependencies: ["Addressing", "CYaml", "Printing"], swiftSettings: strict),
        .target(name: "Listeners", dependencies: ["Addressing"], swiftSettings: strict),
        .target(name: "Rulesets", dependencies: ["Addressing"], swiftSettings: strict),
        .target(name: "Compiler", dependencies: ["Addressing", "Policies", "Rulesets"], swiftSettings: strict),
        .target(name: "Reachability", dependencies: ["Addressing", "Rulesets"], swiftSettings: strict),
        .target(
            name: "Auditing",
            dependencies: [
                "Addressing", "Compiler", "Listeners", "Policies", "Printing", "Reachability", "Rulesets",
            ], swiftSettings: strict),
        .target(
            name: "System", dependencies: ["Addressing", "CLinux", "Listeners", "Policies", "Printing"],
            swiftSettings: strict),
        .target(
            name: "Kernel",
            dependencies: ["Addressing", "CLinux", "CMnl", "CNftnl", "Listeners", "Rulesets", "System"],
            swiftSettings: strict),
        .target(
            name: "Changes",
            dependencies: [
                "Addressing", "Auditing", "Compiler", "Kernel", "Listeners", "Policies", "Printing", "Reachability",
                "Rulesets", "System",
            ], swiftSettings: strict),
        .target(
            name: "Importing",
            dependencies: ["Addressing", "Compiler", "Listeners", "Policies", "Printing", "Reachability", "Rulesets"],
            swiftSettings: strict),
        .target(
            name: "Commands",
            dependencies: [
                "Addressing", "Auditing", "Changes", "Compiler", "Importing", "Kernel", "Listeners", "Policies",
                "Printing",
                "Reachability", "Rulesets", "System",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "portreeve", dependencies: ["CStart", "Commands"],
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["CLinux", "Rulesets"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "AddressingTests", dependencies: ["Addressing", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "PrintingTests", dependencies: ["Printing"], swiftSettings: strict),
        .testTarget(
            name: "PoliciesTests", dependencies: ["Addressing", "Policies", "System", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "RulesetsTests", dependencies: ["Rulesets", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CompilerTests",
            dependencies: ["Addressing", "Compiler", "Policies", "Rulesets", "System", "TestSupport"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "ReachabilityTests",
            dependencies: [
                "Addressing", "Auditing", "Compiler", "Importing", "Kernel", "Listeners", "Policies", "Reachability",
                "Rulesets", "System", "TestSupport",
            ],
            exclude: ["Hosts"],
            swiftSettings: strict),
        .testTarget(
            name: "AuditingTests",
            dependencies: [
                "Addressing", "Auditing", "Compiler", "Listeners", "Policies", "Reachability", "Rulesets",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests", dependencies: ["Addressing", "Listeners", "System", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "KernelTests",
            dependencies: [
                "Addressing", "CLinux", "CMnl", "CNftnl", "Kernel", "Listeners", "Rulesets", "System", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Addressing", "Auditing", "Changes", "Commands", "Compiler", "Kernel", "Listeners", "Policies",
                "Rulesets",
                "System", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["State"], swiftSettings: strict),
        .testTarget(
            name: "ProgramTests",
            dependencies: ["Addressing", "Compiler", "Kernel", "Rulesets", "System", "TestSupport", "portreeve"],
            swiftSettings: strict),
        .testTarget(
            name: "PacketTests",
            dependencies: [
                "Addressing", "Auditing", "CLinux", "Compiler", "Kernel", "Listeners", "Policies", "Reachability",
                "Rulesets", "System", "TestSupport",
                "portreeve",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PolicyExamplesTests", dependencies: ["Addressing", "Policies", "System", "TestSupport"],
            exclude: ["validate.py"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
