#ifndef PRINTCAM_TEXTURE_H_
#define PRINTCAM_TEXTURE_H_

#include <flutter/texture_registrar.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "printcam_texture_api.h"

namespace printcam {

// One stream's pictures as a Flutter texture. Made and closed on the platform thread; the engine takes pictures on its
// raster thread.
class PrintcamTexture : public std::enable_shared_from_this<PrintcamTexture> {
 public:
  // A texture registered with the engine and attached to `stream`, or null with the reason: a PrintcamStatus in `status`,
  // or kPrintcamOk where it was the engine that refused. `api` must outlive the texture, as the table of a loaded library
  // does; `registrar` must be there until Close.
  static std::shared_ptr<PrintcamTexture> Create(flutter::TextureRegistrar* registrar, const PrintcamTextureApi* api,
                                                 uint64_t stream, int32_t& status);

  ~PrintcamTexture();

  PrintcamTexture(const PrintcamTexture&) = delete;
  PrintcamTexture& operator=(const PrintcamTexture&) = delete;

  // What Dart knows the texture by.
  int64_t id() const { return id_; }

  // Takes the texture from the engine, and lets go of the stream when the engine is done with the last picture. The
  // caller's reference can go at once. To be called once.
  void Close();

 private:
  PrintcamTexture(flutter::TextureRegistrar* registrar, const PrintcamTextureApi* api);

  static void FrameAvailable(void* user);
  int32_t Attach(uint64_t stream);
  void Detach();
  const FlutterDesktopPixelBuffer* CopyPixels();

  const PrintcamTextureApi* const api_;
  flutter::TextureVariant variant_;
  // Negative until the engine has given one.
  int64_t id_ = -1;

  // Guards the engine's registrar against use after Close; null from then on.
  std::mutex registrar_mutex_;
  flutter::TextureRegistrar* registrar_;

  // Guards the handle: a picture announced while it is being attached waits for it. 0 when detached.
  std::mutex handle_mutex_;
  uint64_t handle_ = 0;

  // What the engine was given last. Raster thread only.
  FlutterDesktopPixelBuffer pixels_ = {};
};

}  // namespace printcam

#endif  // PRINTCAM_TEXTURE_H_
