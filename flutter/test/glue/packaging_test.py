"""What the plugin's packaging files say: that they can be read, and that those which say the same thing agree.

Run as `packaging_test.py FLUTTER_FOLDER CARGO_TOML`. Needs ruby, which podspecs are written in.
"""

import json
import pathlib
import plistlib
import re
import subprocess
import sys
import xml.etree.ElementTree

# Runs a podspec with a recorder in the place of CocoaPods, and prints what was set.
READ_PODSPEC = """
require 'json'
class Recorder
  def initialize(set, prefix = '') = (@set, @prefix = set, prefix)
  def method_missing(name, *values)
    return Recorder.new(@set, "#{name}.") if values.empty?
    key = @prefix + name.to_s.delete_suffix('=')
    @set[key] = values.length == 1 ? values[0] : values
  end
end
module Pod
  class Spec
    def self.new = yield(Recorder.new($set = {}))
  end
end
load ARGV[0]
puts JSON.generate($set)
"""


def check(holds, sentence):
    if not holds:
        sys.exit(f"packaging_test: {sentence}")


def first(pattern, text, what):
    found = re.search(pattern, text)
    check(found, f"{what} not found")
    return found.group(1)


FLUTTER = pathlib.Path(sys.argv[1])
WORKSPACE = pathlib.Path(sys.argv[2]).read_text()
VERSION = first(r'\[workspace\.package\]\nversion = "([^"]+)"', WORKSPACE, "the workspace's version")


def podspec():
    path = FLUTTER / "darwin/printcam.podspec"
    ran = subprocess.run(["ruby", "-W", "-e", READ_PODSPEC, path], capture_output=True, text=True)
    check(ran.returncode == 0, f"the podspec does not run: {ran.stderr}")
    spec = json.loads(ran.stdout)
    check(spec["name"] == "printcam" and spec["version"] == VERSION, f"the podspec is not of printcam {VERSION}")
    for pattern in [spec["source_files"], spec["public_header_files"], *spec["resource_bundles"]["printcam_privacy"]]:
        plain = pattern.replace("{h,m}", "m")
        check(list((FLUTTER / "darwin").glob(plain)), f"the podspec's {pattern} is no file")
    return spec


def swift_package(spec):
    text = (FLUTTER / "darwin/printcam/Package.swift").read_text()
    check(text.startswith("// swift-tools-version: 5.9\n"), "Package.swift does not begin with the version of its tools")
    for opening, closing in ["()", "[]"]:
        check(text.count(opening) == text.count(closing), f"Package.swift does not close every {opening}")
    ios = first(r'\.iOS\("([\d.]+)"\)', text, "the version of iOS in Package.swift")
    macos = first(r'\.macOS\("([\d.]+)"\)', text, "the version of macOS in Package.swift")
    check(spec["ios.deployment_target"] == ios, "the podspec and Package.swift differ in the version of iOS")
    check(spec["osx.deployment_target"] == macos, "the podspec and Package.swift differ in the version of macOS")
    sources = FLUTTER / "darwin/printcam/Sources/printcam"
    for resource in re.findall(r'\.process\("([^"]+)"\)', text):
        check((sources / resource).exists(), f"Package.swift's {resource} is no file")


def privacy_manifest():
    path = FLUTTER / "darwin/printcam/Sources/printcam/PrivacyInfo.xcprivacy"
    says = plistlib.loads(path.read_bytes())
    want = {
        "NSPrivacyTracking": False,
        "NSPrivacyTrackingDomains": [],
        "NSPrivacyCollectedDataTypes": [],
        "NSPrivacyAccessedAPITypes": [
            {
                "NSPrivacyAccessedAPIType": "NSPrivacyAccessedAPICategoryFileTimestamp",
                "NSPrivacyAccessedAPITypeReasons": ["C617.1"],
            }
        ],
    }
    check(says == want, f"the privacy manifest says {says}")


def android():
    manifest = xml.etree.ElementTree.parse(FLUTTER / "android/src/main/AndroidManifest.xml")
    name = "{http://schemas.android.com/apk/res/android}name"
    asked = [permission.get(name) for permission in manifest.iter("uses-permission")]
    want = ["android.permission.INTERNET", "android.permission.ACCESS_LOCAL_NETWORK"]
    check(asked == want, f"the Android manifest asks for {asked}")
    gradle = (FLUTTER / "android/build.gradle.kts").read_text()
    check(gradle.count("{") == gradle.count("}"), "build.gradle.kts does not close every {")
    check(first(r'version = "([^"]+)"', gradle, "Gradle's version") == VERSION, f"Gradle's version is not {VERSION}")
    package = first(r'namespace = "([^"]+)"', gradle, "Gradle's namespace")
    sources = list((FLUTTER / "android/src/main/java" / package.replace(".", "/")).glob("*.java"))
    check(sources, f"there is no Java in the package {package}")
    for source in sources:
        check(f"\npackage {package};\n" in "\n" + source.read_text(), f"{source.name} is not in the package {package}")
    rules = (FLUTTER / "android" / first(r'consumerProguardFiles\("([^"]+)"\)', gradle, "the shrinker's rules")).read_text()
    check(f"-keep class {package}.PrintcamNative " in rules, "the shrinker may rename the native methods' class")


def channel():
    plugins = {
        "darwin/printcam/Sources/printcam/PrintcamPlugin.m",
        "android/src/main/java/com/printcam/PrintcamPlugin.java",
        "linux/printcam_plugin.cc",
        "windows/printcam_plugin.cpp",
    }
    for plugin in plugins:
        text = (FLUTTER / plugin).read_text()
        for name in ["printcam/textures", "create", "dispose", "storageDirectory", "stream", "texture"]:
            check(f'"{name}"' in text, f'{plugin} does not know "{name}"')


def toolchain():
    toml = (FLUTTER.parent / "printcam-ffi/rust-toolchain.toml").read_text()
    chosen = first(r'\nchannel = "(\d+\.\d+)\.\d+"', toml, "the version of the hook's Rust")
    least = first(r'\nrust-version = "(\d+\.\d+)', WORKSPACE, "the workspace's rust-version")
    chosen_numbers, least_numbers = (tuple(map(int, version.split("."))) for version in (chosen, least))
    check(chosen_numbers >= least_numbers, f"the hook's Rust {chosen} is older than the {least} we ask for")


spec = podspec()
swift_package(spec)
privacy_manifest()
android()
channel()
toolchain()
print("packaging_test: passed")
