// Stand-in for the Flutter engine's header of this name: what the plugin uses of it, declared as the engine does
// (engine/src/flutter/shell/platform/common/client_wrapper, Flutter 3.41), and no more.
#ifndef FLUTTER_STUB_TEXTURE_REGISTRAR_H_
#define FLUTTER_STUB_TEXTURE_REGISTRAR_H_

#include <flutter_texture_registrar.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

namespace flutter {

class PixelBufferTexture {
 public:
  typedef std::function<const FlutterDesktopPixelBuffer*(size_t width, size_t height)> CopyBufferCallback;

  explicit PixelBufferTexture(CopyBufferCallback copy_buffer_callback)
      : copy_buffer_callback_(std::move(copy_buffer_callback)) {}

  const FlutterDesktopPixelBuffer* CopyPixelBuffer(size_t width, size_t height) const {
    return copy_buffer_callback_(width, height);
  }

 private:
  const CopyBufferCallback copy_buffer_callback_;
};

// Only its place in the variant matters here.
class GpuSurfaceTexture {
 public:
  GpuSurfaceTexture() = delete;
};

typedef std::variant<PixelBufferTexture, GpuSurfaceTexture> TextureVariant;

class TextureRegistrar {
 public:
  virtual ~TextureRegistrar() = default;
  virtual int64_t RegisterTexture(TextureVariant* texture) = 0;
  virtual bool MarkTextureFrameAvailable(int64_t texture_id) = 0;
  virtual void UnregisterTexture(int64_t texture_id, std::function<void()> callback) = 0;
  virtual bool UnregisterTexture(int64_t texture_id) = 0;
};

}  // namespace flutter

#endif  // FLUTTER_STUB_TEXTURE_REGISTRAR_H_
