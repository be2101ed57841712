// By path: Swift packages and pods have different search paths.
#import "./include/printcam/PrintcamPlugin.h"

#import "PrintcamTexture.h"

/// The code of every error on the channel; Dart tells them apart by their sentence only.
static NSString *const kErrorCode = @"texture";

@implementation PrintcamPlugin {
  // Weak: the engine owns the channel's handler and so this object.
  __weak NSObject<FlutterTextureRegistry> *_registry;
  NSMutableDictionary<NSNumber *, PrintcamTexture *> *_textures;
}

+ (void)registerWithRegistrar:(NSObject<FlutterPluginRegistrar> *)registrar {
  FlutterMethodChannel *channel = [FlutterMethodChannel methodChannelWithName:@"printcam/textures"
                                                              binaryMessenger:[registrar messenger]];
  PrintcamPlugin *plugin = [[PrintcamPlugin alloc] initWithRegistry:[registrar textures]];
  [registrar addMethodCallDelegate:plugin channel:channel];
#if TARGET_OS_IOS
  // Only a published plugin is told when its engine goes; macOS has no such message.
  [registrar publish:plugin];
#endif
}

- (instancetype)initWithRegistry:(NSObject<FlutterTextureRegistry> *)registry {
  self = [super init];
  if (self) {
    _registry = registry;
    _textures = [NSMutableDictionary dictionary];
  }
  return self;
}

- (void)handleMethodCall:(FlutterMethodCall *)call result:(FlutterResult)result {
  if ([call.method isEqualToString:@"create"]) {
    result([self createTexture:call.arguments]);
  } else if ([call.method isEqualToString:@"dispose"]) {
    result([self disposeTexture:call.arguments]);
  } else if ([call.method isEqualToString:@"storageDirectory"]) {
    result([self storageDirectory]);
  } else {
    result(FlutterMethodNotImplemented);
  }
}

#if TARGET_OS_IOS
- (void)detachFromEngineForRegistrar:(NSObject<FlutterPluginRegistrar> *)registrar {
  for (PrintcamTexture *texture in _textures.allValues) {
    [texture close];
  }
  [_textures removeAllObjects];
}
#endif

/// The texture's id, or a FlutterError.
- (id)createTexture:(nullable id)arguments {
  NSNumber *stream = [self numberNamed:@"stream" in:arguments];
  NSNumber *address = [self numberNamed:@"api" in:arguments];
  if (stream == nil || address == nil || address.longLongValue == 0) {
    return [self error:@"create needs the numbers stream and api."];
  }
  const PrintcamTextureApi *api = (const PrintcamTextureApi *)(uintptr_t)address.longLongValue;
  if (api->abi_version != PRINTCAM_TEXTURE_ABI_VERSION) {
    return [self error:@"The printcam library and this plugin are of different versions; rebuild the app."];
  }
  NSObject<FlutterTextureRegistry> *registry = _registry;
  if (registry == nil) {
    return [self error:@"The Flutter engine is shutting down."];
  }
  int32_t status = kPrintcamOk;
  PrintcamTexture *texture = [PrintcamTexture textureForStream:(uint64_t)stream.longLongValue
                                                           api:api
                                                      registry:registry
                                                        status:&status];
  if (texture == nil) {
    return [self error:[self sentenceForStatus:status]];
  }
  NSNumber *identifier = @(texture.textureId);
  _textures[identifier] = texture;
  return identifier;
}

/// Nil, or a FlutterError. A texture that is gone already is no error: dispose may come twice.
- (nullable id)disposeTexture:(nullable id)arguments {
  NSNumber *identifier = [self numberNamed:@"texture" in:arguments];
  if (identifier == nil) {
    return [self error:@"dispose needs the number texture."];
  }
  [_textures[identifier] close];
  [_textures removeObjectForKey:identifier];
  return nil;
}

/// The app's support directory, which is made if it is missing; nil where there is none.
- (nullable NSString *)storageDirectory {
  NSFileManager *files = [NSFileManager defaultManager];
  NSURL *directory = [files URLForDirectory:NSApplicationSupportDirectory
                                   inDomain:NSUserDomainMask
                          appropriateForURL:nil
                                     create:YES
                                      error:nil];
#if TARGET_OS_OSX
  // Outside the sandbox all of a user's apps share the directory.
  NSString *bundle = [NSBundle mainBundle].bundleIdentifier;
  if (bundle != nil) {
    directory = [directory URLByAppendingPathComponent:bundle isDirectory:YES];
  }
  if (directory != nil && ![files createDirectoryAtURL:directory
                              withIntermediateDirectories:YES
                                               attributes:nil
                                                    error:nil]) {
    return nil;
  }
#endif
  return directory.path;
}

- (nullable NSNumber *)numberNamed:(NSString *)name in:(nullable id)arguments {
  if (![arguments isKindOfClass:[NSDictionary class]]) {
    return nil;
  }
  id value = ((NSDictionary *)arguments)[name];
  return [value isKindOfClass:[NSNumber class]] ? value : nil;
}

- (NSString *)sentenceForStatus:(int32_t)status {
  switch (status) {
    case kPrintcamOk:
      return @"The Flutter engine did not register the texture.";
    case kPrintcamStaleHandle:
      return @"The stream has ended.";
    case kPrintcamUnsupported:
      return @"The printcam library was built without textures for this platform.";
    default:
      return [NSString stringWithFormat:@"The printcam library refused the texture (status %d).", status];
  }
}

- (FlutterError *)error:(NSString *)message {
  return [FlutterError errorWithCode:kErrorCode message:message details:nil];
}

@end
