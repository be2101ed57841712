// What Flutter's headers for iOS and macOS have in common: what the plugin uses, declared as the engine does
// (engine/src/flutter/shell/platform/darwin/common/framework/Headers, Flutter 3.41), and no more.
#ifndef FLUTTER_COMMON_STUB_H_
#define FLUTTER_COMMON_STUB_H_

#import <CoreVideo/CoreVideo.h>
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

@protocol FlutterBinaryMessenger <NSObject>
@end

@interface FlutterMethodCall : NSObject
@property(readonly, nonatomic) NSString *method;
@property(readonly, nonatomic, nullable) id arguments;
@end

@interface FlutterError : NSObject
+ (instancetype)errorWithCode:(NSString *)code message:(NSString *_Nullable)message details:(id _Nullable)details;
@end

typedef void (^FlutterResult)(id _Nullable result);

extern NSObject const *FlutterMethodNotImplemented;

@interface FlutterMethodChannel : NSObject
+ (instancetype)methodChannelWithName:(NSString *)name
                      binaryMessenger:(NSObject<FlutterBinaryMessenger> *)messenger;
@end

@protocol FlutterTexture <NSObject>
- (CVPixelBufferRef _Nullable)copyPixelBuffer;
@optional
- (void)onTextureUnregistered:(NSObject<FlutterTexture> *)texture;
@end

@protocol FlutterTextureRegistry <NSObject>
- (int64_t)registerTexture:(NSObject<FlutterTexture> *)texture;
- (void)textureFrameAvailable:(int64_t)textureId;
- (void)unregisterTexture:(int64_t)textureId;
@end

NS_ASSUME_NONNULL_END

#endif  // FLUTTER_COMMON_STUB_H_
