#import <TargetConditionals.h>

#if TARGET_OS_IOS
#import <Flutter/Flutter.h>
#else
#import <FlutterMacOS/FlutterMacOS.h>
#endif

NS_ASSUME_NONNULL_BEGIN

/// Answers the method channel `printcam/textures`: makes textures that show streams of the Rust library, and ends them.
@interface PrintcamPlugin : NSObject <FlutterPlugin>
@end

NS_ASSUME_NONNULL_END
