// Stand-in for the Flutter engine's header of this name; see flutter_plugin_registrar.h.
#ifndef FLUTTER_TEXTURE_REGISTRAR_STUB_H_
#define FLUTTER_TEXTURE_REGISTRAR_STUB_H_

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const uint8_t* buffer;
  size_t width;
  size_t height;
  void (*release_callback)(void* release_context);
  void* release_context;
} FlutterDesktopPixelBuffer;

#endif  // FLUTTER_TEXTURE_REGISTRAR_STUB_H_
