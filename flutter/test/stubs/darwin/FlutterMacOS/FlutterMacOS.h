// Stand-in for Flutter's header for macOS; see FlutterCommon.h.
#ifndef FLUTTER_MACOS_STUB_H_
#define FLUTTER_MACOS_STUB_H_

#import "../FlutterCommon.h"

NS_ASSUME_NONNULL_BEGIN

@protocol FlutterPluginRegistrar;

@protocol FlutterPlugin <NSObject>
+ (void)registerWithRegistrar:(id<FlutterPluginRegistrar>)registrar;
@optional
- (void)handleMethodCall:(FlutterMethodCall *)call result:(FlutterResult)result;
@end

@protocol FlutterPluginRegistrar <NSObject>
@property(nonnull, readonly) id<FlutterBinaryMessenger> messenger;
@property(nonnull, readonly) id<FlutterTextureRegistry> textures;
- (void)addMethodCallDelegate:(nonnull id<FlutterPlugin>)delegate channel:(nonnull FlutterMethodChannel *)channel;
@end

NS_ASSUME_NONNULL_END

#endif  // FLUTTER_MACOS_STUB_H_
