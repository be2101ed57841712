// swift-tools-version: 5.9

import PackageDescription

let package = Package(
    name: "printcam",
    platforms: [
        .iOS("13.0"),
        .macOS("10.15"),
    ],
    products: [
        .library(name: "printcam", targets: ["printcam"])
    ],
    dependencies: [
        // Made by the flutter tool beside this package; there since Flutter 3.41.
        .package(name: "FlutterFramework", path: "../FlutterFramework")
    ],
    targets: [
        .target(
            name: "printcam",
            dependencies: [
                .product(name: "FlutterFramework", package: "FlutterFramework")
            ],
            resources: [
                .process("PrivacyInfo.xcprivacy")
            ]
        )
    ]
)
