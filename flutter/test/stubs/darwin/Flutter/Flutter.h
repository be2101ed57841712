// Stand-in for Flutter's header for iOS; see FlutterCommon.h.
#ifndef FLUTTER_STUB_H_
#define FLUTTER_STUB_H_

#import "../FlutterCommon.h"

NS_ASSUME_NONNULL_BEGIN

@protocol FlutterPluginRegistrar;

@protocol FlutterPlugin <NSObject>
@required
+ (void)registerWithRegistrar:(NSObject<FlutterPluginRegistrar> *)registrar;
@optional
- (void)handleMethodCall:(FlutterMethodCall *)call result:(FlutterResult)result;
- (void)detachFromEngineForRegistrar:(NSObject<FlutterPluginRegistrar> *)registrar;
@end

@protocol FlutterPluginRegistrar <NSObject>
- (NSObject<FlutterBinaryMessenger> *)messenger;
- (NSObject<FlutterTextureRegistry> *)textures;
- (void)publish:(NSObject *)value;
- (void)addMethodCallDelegate:(NSObject<FlutterPlugin> *)delegate channel:(FlutterMethodChannel *)channel;
@end

NS_ASSUME_NONNULL_END

#endif  // FLUTTER_STUB_H_
