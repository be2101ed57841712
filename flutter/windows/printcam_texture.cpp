#include "printcam_texture.h"

#include <utility>

namespace printcam {

std::shared_ptr<PrintcamTexture> PrintcamTexture::Create(flutter::TextureRegistrar* registrar,
                                                         const PrintcamTextureApi* api, uint64_t stream,
                                                         int32_t& status) {
  status = kPrintcamOk;
  std::shared_ptr<PrintcamTexture> texture(new PrintcamTexture(registrar, api));
  texture->id_ = registrar->RegisterTexture(&texture->variant_);
  if (texture->id_ < 0) {
    return nullptr;
  }
  status = texture->Attach(stream);
  if (status != kPrintcamOk) {
    texture->Close();
    return nullptr;
  }
  return texture;
}

PrintcamTexture::PrintcamTexture(flutter::TextureRegistrar* registrar, const PrintcamTextureApi* api)
    : api_(api),
      variant_(flutter::PixelBufferTexture([this](size_t, size_t) { return CopyPixels(); })),
      registrar_(registrar) {}

PrintcamTexture::~PrintcamTexture() {
  // Where the engine ends before it answers Close.
  Detach();
}

// On the library's threads. The engine's registrar may be called from any.
void PrintcamTexture::FrameAvailable(void* user) {
  auto* self = static_cast<PrintcamTexture*>(user);
  std::lock_guard<std::mutex> lock(self->registrar_mutex_);
  if (self->registrar_ != nullptr) {
    self->registrar_->MarkTextureFrameAvailable(self->id_);
  }
}

int32_t PrintcamTexture::Attach(uint64_t stream) {
  std::lock_guard<std::mutex> lock(handle_mutex_);
  return api_->texture_attach(stream, FrameAvailable, this, &handle_);
}

void PrintcamTexture::Detach() {
  uint64_t handle = 0;
  {
    std::lock_guard<std::mutex> lock(handle_mutex_);
    handle = std::exchange(handle_, 0);
  }
  if (handle != 0) {
    api_->texture_detach(handle);
  }
}

// On the raster thread, which uploads the pixels right after. They stay valid: only Detach ends them, and that comes after
// the raster thread's last use.
const FlutterDesktopPixelBuffer* PrintcamTexture::CopyPixels() {
  std::lock_guard<std::mutex> lock(handle_mutex_);
  PrintcamPixels pixels = {};
  if (handle_ == 0 || api_->texture_pixels(handle_, &pixels) != kPrintcamOk) {
    return nullptr;
  }
  pixels_.buffer = pixels.data;
  pixels_.width = pixels.width;
  pixels_.height = pixels.height;
  return &pixels_;
}

void PrintcamTexture::Close() {
  flutter::TextureRegistrar* registrar = nullptr;
  {
    std::lock_guard<std::mutex> lock(registrar_mutex_);
    registrar = std::exchange(registrar_, nullptr);
  }
  // Called on the raster thread; the capture keeps the texture until then.
  registrar->UnregisterTexture(id_, [self = shared_from_this()]() { self->Detach(); });
}

}  // namespace printcam
