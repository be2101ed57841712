#import "PrintcamTexture.h"

#import <stdatomic.h>

/// Passes the library's "there is a new picture" on to the engine, on the main thread. The library's pointer keeps it
/// alive, not the texture: a call that has begun may still be under way while the texture goes.
@interface PrintcamFrameSignal : NSObject
- (instancetype)initWithRegistry:(NSObject<FlutterTextureRegistry> *)registry;
@property(atomic) int64_t textureId;
@property(atomic, weak, nullable) NSObject<FlutterTextureRegistry> *registry;
- (void)frameAvailable;
@end

@implementation PrintcamFrameSignal {
  atomic_bool _pending;
}

- (instancetype)initWithRegistry:(NSObject<FlutterTextureRegistry> *)registry {
  self = [super init];
  if (self) {
    _registry = registry;
  }
  return self;
}

- (void)frameAvailable {
  // While the main thread is busy one message to it is enough: the engine takes the newest picture anyway.
  if (atomic_exchange(&_pending, true)) {
    return;
  }
  dispatch_async(dispatch_get_main_queue(), ^{
    atomic_store(&self->_pending, false);
    [self.registry textureFrameAvailable:self.textureId];
  });
}

@end

static void PrintcamFrameAvailableCallback(void *user) {
  [(__bridge PrintcamFrameSignal *)user frameAvailable];
}

@implementation PrintcamTexture {
  const PrintcamTextureApi *_api;
  // 0 when detached. Read on the raster thread too.
  _Atomic(uint64_t) _handle;
  PrintcamFrameSignal *_signal;
}

+ (nullable instancetype)textureForStream:(uint64_t)stream
                                      api:(const PrintcamTextureApi *)api
                                 registry:(NSObject<FlutterTextureRegistry> *)registry
                                   status:(int32_t *)status {
  *status = kPrintcamOk;
  PrintcamTexture *texture = [[PrintcamTexture alloc] initWithApi:api registry:registry];
  texture->_textureId = [registry registerTexture:texture];
  if (texture->_textureId == 0) {
    return nil;
  }
  texture->_signal.textureId = texture->_textureId;
  *status = [texture attachToStream:stream];
  if (*status != kPrintcamOk) {
    [texture close];
    return nil;
  }
  return texture;
}

- (instancetype)initWithApi:(const PrintcamTextureApi *)api
                   registry:(NSObject<FlutterTextureRegistry> *)registry {
  self = [super init];
  if (self) {
    _api = api;
    _signal = [[PrintcamFrameSignal alloc] initWithRegistry:registry];
  }
  return self;
}

- (int32_t)attachToStream:(uint64_t)stream {
  // The library's own reference, given back in -detach.
  void *user = (__bridge_retained void *)_signal;
  uint64_t handle = 0;
  int32_t status = _api->texture_attach(stream, PrintcamFrameAvailableCallback, user, &handle);
  if (status != kPrintcamOk) {
    CFRelease(user);
    return status;
  }
  atomic_store(&_handle, handle);
  return kPrintcamOk;
}

- (void)detach {
  uint64_t handle = atomic_exchange(&_handle, 0);
  if (handle == 0) {
    return;
  }
  // The answer does not matter: a handle that is stale has no callbacks either.
  _api->texture_detach(handle);
  CFRelease((__bridge CFTypeRef)_signal);
}

- (void)close {
  NSObject<FlutterTextureRegistry> *registry = _signal.registry;
  _signal.registry = nil;
  [registry unregisterTexture:_textureId];
  [self detach];
}

- (void)dealloc {
  // An engine that goes away lets go of its textures without closing them.
  [self detach];
}

#pragma mark FlutterTexture

- (nullable CVPixelBufferRef)copyPixelBuffer {
  uint64_t handle = atomic_load(&_handle);
  return handle == 0 ? NULL : (CVPixelBufferRef)_api->texture_copy_pixel_buffer(handle);
}

- (void)onTextureUnregistered:(NSObject<FlutterTexture> *)texture {
  [self detach];
}

@end
