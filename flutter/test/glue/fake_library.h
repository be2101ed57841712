// A library of one stream and one texture, for tests of the glue, which keeps the promises of printcam_texture_api.h.
#ifndef FAKE_LIBRARY_H_
#define FAKE_LIBRARY_H_

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "printcam_texture_api.h"

#define CHECK(condition)                                                               \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
      std::abort();                                                                    \
    }                                                                                  \
  } while (0)

class FakeLibrary {
 public:
  static constexpr uint64_t kStream = 11;
  static constexpr uint64_t kTexture = 0x700000001;

  // The one the table's functions mean; each test makes its own.
  static FakeLibrary*& Current() {
    static FakeLibrary* current = nullptr;
    return current;
  }

  FakeLibrary() { Current() = this; }
  ~FakeLibrary() { Current() = nullptr; }

  static const PrintcamTextureApi* Api() {
    static const PrintcamTextureApi api = {PRINTCAM_TEXTURE_ABI_VERSION, Attach, Detach, Pixels, nullptr};
    return &api;
  }

  // What the library's threads do with a new picture. False when no texture is attached any more.
  bool Announce() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (frame_available_ == nullptr) {
      return false;
    }
    const PrintcamFrameAvailable frame_available = frame_available_;
    void* const user = user_;
    inside_++;
    lock.unlock();
    frame_available(user);
    lock.lock();
    inside_--;
    nobody_inside_.notify_all();
    return true;
  }

  void HavePicture() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::memset(picture_, kBright, sizeof picture_);
    has_picture_ = true;
  }

  int attached() { return Locked(attached_); }
  int detached() { return Locked(detached_); }

  // Every byte of a picture, and of one that the library has taken back.
  static constexpr uint8_t kBright = 0xee;
  static constexpr uint8_t kFreed = 0xdd;
  static constexpr uint32_t kWidth = 2, kHeight = 3;

 private:
  static int32_t Attach(uint64_t stream, PrintcamFrameAvailable frame_available, void* user, uint64_t* texture) {
    FakeLibrary* self = Current();
    std::lock_guard<std::mutex> lock(self->mutex_);
    if (stream != kStream) {
      return kPrintcamStaleHandle;
    }
    CHECK(self->frame_available_ == nullptr);
    self->frame_available_ = frame_available;
    self->user_ = user;
    self->attached_++;
    *texture = kTexture;
    return kPrintcamOk;
  }

  static int32_t Detach(uint64_t texture) {
    FakeLibrary* self = Current();
    std::unique_lock<std::mutex> lock(self->mutex_);
    if (texture != kTexture || self->frame_available_ == nullptr) {
      return kPrintcamStaleHandle;
    }
    self->frame_available_ = nullptr;
    self->nobody_inside_.wait(lock, [self] { return self->inside_ == 0; });
    self->detached_++;
    std::memset(self->picture_, kFreed, sizeof self->picture_);
    return kPrintcamOk;
  }

  static int32_t Pixels(uint64_t texture, PrintcamPixels* pixels) {
    FakeLibrary* self = Current();
    std::lock_guard<std::mutex> lock(self->mutex_);
    if (texture != kTexture || self->frame_available_ == nullptr) {
      return kPrintcamStaleHandle;
    }
    if (!self->has_picture_) {
      return kPrintcamNoPicture;
    }
    *pixels = {self->picture_, kWidth, kHeight};
    return kPrintcamOk;
  }

  int Locked(const int& count) {
    std::lock_guard<std::mutex> lock(mutex_);
    return count;
  }

  std::mutex mutex_;
  std::condition_variable nobody_inside_;
  PrintcamFrameAvailable frame_available_ = nullptr;
  void* user_ = nullptr;
  int inside_ = 0, attached_ = 0, detached_ = 0;
  bool has_picture_ = false;
  uint8_t picture_[kWidth * kHeight * 4] = {};
};

#endif  // FAKE_LIBRARY_H_
