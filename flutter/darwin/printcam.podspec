# For apps that do not use Swift Package Manager yet; keep in step with printcam/Package.swift.
# The Rust library is not in the pod: the build hook bundles it.
Pod::Spec.new do |s|
  s.name             = 'printcam'
  s.version          = '0.1.0'
  s.summary          = 'Watch the cameras of Bambu Lab 3D printers.'
  s.description      = 'The textures of the printcam plugin on iOS and macOS. Distributed by pub, not by CocoaPods.'
  s.homepage         = 'https://pub.dev/packages/printcam'
  s.license          = { :type => 'MIT OR Apache-2.0', :file => '../LICENSE' }
  s.author           = 'the printcam authors'
  s.source           = { :http => 'https://pub.dev/packages/printcam' }
  s.source_files     = 'printcam/Sources/printcam/**/*.{h,m}'
  s.public_header_files = 'printcam/Sources/printcam/include/**/*.h'
  s.resource_bundles = { 'printcam_privacy' => ['printcam/Sources/printcam/PrivacyInfo.xcprivacy'] }
  s.ios.dependency 'Flutter'
  s.osx.dependency 'FlutterMacOS'
  s.ios.deployment_target = '13.0'
  s.osx.deployment_target = '10.15'
  s.pod_target_xcconfig = { 'DEFINES_MODULE' => 'YES' }
end
