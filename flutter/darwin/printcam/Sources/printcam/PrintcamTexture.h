#import <TargetConditionals.h>

#if TARGET_OS_IOS
#import <Flutter/Flutter.h>
#else
#import <FlutterMacOS/FlutterMacOS.h>
#endif

#import "printcam_texture_api.h"

NS_ASSUME_NONNULL_BEGIN

/// One stream's pictures as a Flutter texture. Made and closed on the main thread; the engine takes pictures on its
/// raster thread.
@interface PrintcamTexture : NSObject <FlutterTexture>

/// What Dart knows the texture by.
@property(nonatomic, readonly) int64_t textureId;

/// A texture registered with the engine and attached to `stream`, or nil with the reason: a PrintcamStatus in `status`, or
/// kPrintcamOk where it was the engine that refused. `api` must outlive the texture, as the table of a loaded library does.
+ (nullable instancetype)textureForStream:(uint64_t)stream
                                      api:(const PrintcamTextureApi *)api
                                 registry:(NSObject<FlutterTextureRegistry> *)registry
                                   status:(int32_t *)status;

/// Takes the texture from the engine and detaches it from its stream. Once is enough, more does no harm.
- (void)close;

- (instancetype)init NS_UNAVAILABLE;

@end

NS_ASSUME_NONNULL_END
