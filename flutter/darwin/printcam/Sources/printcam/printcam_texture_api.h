// The texture functions of libprintcam_ffi by address, so that platform code can call them without linking the library.
//
// Dart passes the address of such a table over the method channel. The layout is that of `PrintcamTextureApi` in
// printcam-ffi/include/printcam.h; scripts/check-glue compares the two. Linux and Windows include this file too: it lies
// here because a Swift package cannot reach outside its own folder.
#ifndef PRINTCAM_TEXTURE_API_H_
#define PRINTCAM_TEXTURE_API_H_

#include <stdint.h>

// The layout below. A table of another version must not be read past its first field.
#define PRINTCAM_TEXTURE_ABI_VERSION 1

// What the functions return; the others mean a fault of ours or of the library.
enum { kPrintcamOk = 0, kPrintcamStaleHandle = 3, kPrintcamUnsupported = 4, kPrintcamNoPicture = 5 };

// Called from the library's threads when there is a new picture, and not again before that one has been taken.
typedef void (*PrintcamFrameAvailable)(void *user);

// RGBA, rows without gaps, width and height in pixels.
typedef struct {
  const uint8_t *data;
  uint32_t width, height;
} PrintcamPixels;

typedef struct {
  uint32_t abi_version;
  // Gives `*texture`, a handle other than 0. `user` must stay valid until texture_detach has returned.
  int32_t (*texture_attach)(uint64_t stream, PrintcamFrameAvailable frame_available, void *user, uint64_t *texture);
  // When it returns, no frame_available of this texture runs and none begins.
  int32_t (*texture_detach)(uint64_t texture);
  // `pixels->data` is valid until the next call for this texture, or texture_detach.
  int32_t (*texture_pixels)(uint64_t texture, PrintcamPixels *pixels);
  // Apple: a CVPixelBufferRef that the caller must release, or null. Elsewhere null.
  void *(*texture_copy_pixel_buffer)(uint64_t texture);
} PrintcamTextureApi;

#endif  // PRINTCAM_TEXTURE_API_H_
