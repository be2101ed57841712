// The Windows texture between a fake library and a fake engine. Nothing in it is of Windows, so it runs anywhere;
// scripts/check-glue runs it under the thread sanitizer.
#include <atomic>
#include <thread>

#include "fake_library.h"
#include "printcam_texture.h"

using printcam::PrintcamTexture;

namespace {

// Remembers what it was told, and leaves the raster thread's part to the test.
class FakeEngine : public flutter::TextureRegistrar {
 public:
  static constexpr int64_t kId = 42;

  int64_t RegisterTexture(flutter::TextureVariant* texture) override {
    texture_ = texture;
    return refuses ? -1 : kId;
  }

  bool MarkTextureFrameAvailable(int64_t texture_id) override {
    CHECK(texture_id == kId);
    marked++;
    return true;
  }

  void UnregisterTexture(int64_t texture_id, std::function<void()> callback) override {
    CHECK(texture_id == kId);
    unregistered++;
    when_done = std::move(callback);
  }

  bool UnregisterTexture(int64_t) override {
    CHECK(!"called: this one does not say when the engine is done");
    return false;
  }

  // As on the raster thread.
  const FlutterDesktopPixelBuffer* Paint() { return std::get<flutter::PixelBufferTexture>(*texture_).CopyPixelBuffer(1, 1); }

  bool refuses = false;
  std::atomic<int> marked{0};
  int unregistered = 0;
  std::function<void()> when_done;

 private:
  flutter::TextureVariant* texture_ = nullptr;
};

void ShowsPictures() {
  FakeLibrary library;
  FakeEngine engine;
  int32_t status = -1;
  auto texture = PrintcamTexture::Create(&engine, FakeLibrary::Api(), FakeLibrary::kStream, status);
  CHECK(texture && status == kPrintcamOk && texture->id() == FakeEngine::kId);
  CHECK(engine.Paint() == nullptr);

  library.HavePicture();
  std::thread([&] { CHECK(library.Announce()); }).join();
  CHECK(engine.marked == 1);
  const FlutterDesktopPixelBuffer* painted = engine.Paint();
  CHECK(painted != nullptr && painted->width == FakeLibrary::kWidth && painted->height == FakeLibrary::kHeight);
  CHECK(painted->buffer[0] == FakeLibrary::kBright);

  texture->Close();
  engine.when_done();
  CHECK(library.detached() == 1);
  CHECK(engine.Paint() == nullptr);
}

void SaysWhyThereIsNone() {
  FakeLibrary library;
  FakeEngine engine;
  int32_t status = -1;
  CHECK(!PrintcamTexture::Create(&engine, FakeLibrary::Api(), FakeLibrary::kStream + 1, status));
  CHECK(status == kPrintcamStaleHandle && engine.unregistered == 1 && library.attached() == 0);

  FakeEngine refusing;
  refusing.refuses = true;
  CHECK(!PrintcamTexture::Create(&refusing, FakeLibrary::Api(), FakeLibrary::kStream, status));
  CHECK(status == kPrintcamOk && refusing.unregistered == 0 && library.attached() == 0);
}

// The picture that is being uploaded stays until the engine says that it is done, and the engine is not called after Close,
// however busy the library is.
void ClosesUnderFire() {
  FakeLibrary library;
  library.HavePicture();
  auto engine = std::make_unique<FakeEngine>();
  int32_t status = -1;
  auto texture = PrintcamTexture::Create(engine.get(), FakeLibrary::Api(), FakeLibrary::kStream, status);
  CHECK(texture);
  std::thread busy([&] {
    while (library.Announce()) {
    }
  });
  while (engine->marked == 0) {
    std::this_thread::yield();
  }
  const uint8_t* uploading = engine->Paint()->buffer;
  texture->Close();
  texture.reset();
  CHECK(engine->unregistered == 1 && library.detached() == 0 && uploading[0] == FakeLibrary::kBright);
  const int marked = engine->marked;
  CHECK(library.Announce());
  CHECK(engine->marked == marked);

  std::function<void()> when_done = std::move(engine->when_done);
  engine.reset();
  std::thread([&] { when_done(); }).join();
  busy.join();
  CHECK(library.detached() == 1 && uploading[0] == FakeLibrary::kFreed);
}

void EndsWithAnEngineThatNeverAnswers() {
  FakeLibrary library;
  int32_t status = -1;
  {
    FakeEngine engine;
    PrintcamTexture::Create(&engine, FakeLibrary::Api(), FakeLibrary::kStream, status)->Close();
    CHECK(library.detached() == 0);
  }
  CHECK(library.detached() == 1);
}

}  // namespace

int main() {
  ShowsPictures();
  SaysWhyThereIsNone();
  ClosesUnderFire();
  EndsWithAnEngineThatNeverAnswers();
  std::puts("windows_texture_test: passed");
}
