// The Linux texture between a fake library and a fake engine, on a real GLib main loop; scripts/check-glue runs it under the
// address sanitizer. That a real engine draws what the texture gives is tested elsewhere.
#include <atomic>
#include <thread>

#include "fake_library.h"
#include "printcam_texture.h"

// The engine's types and functions that the texture uses.

struct _FlTextureInterface {
  GTypeInterface g_iface;
};
struct _FlTextureRegistrarInterface {
  GTypeInterface g_iface;
};
G_DEFINE_INTERFACE(FlTexture, fl_texture, G_TYPE_OBJECT)
static void fl_texture_default_init(FlTextureInterface*) {}
G_DEFINE_INTERFACE(FlTextureRegistrar, fl_texture_registrar, G_TYPE_OBJECT)
static void fl_texture_registrar_default_init(FlTextureRegistrarInterface*) {}

G_DEFINE_TYPE_WITH_CODE(FlPixelBufferTexture, fl_pixel_buffer_texture, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(fl_texture_get_type(), nullptr))
static void fl_pixel_buffer_texture_class_init(FlPixelBufferTextureClass*) {}
static void fl_pixel_buffer_texture_init(FlPixelBufferTexture*) {}

G_DECLARE_FINAL_TYPE(FakeEngine, fake_engine, FAKE, ENGINE, GObject)
struct _FakeEngine {
  GObject parent_instance;
  FlTexture* texture;
  gboolean refuses;
  int marked, unregistered;
};
G_DEFINE_TYPE_WITH_CODE(FakeEngine, fake_engine, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(fl_texture_registrar_get_type(), nullptr))
static void fake_engine_init(FakeEngine*) {}
static void fake_engine_finalize(GObject* object) {
  g_clear_object(&FAKE_ENGINE(object)->texture);
  G_OBJECT_CLASS(fake_engine_parent_class)->finalize(object);
}
static void fake_engine_class_init(FakeEngineClass* klass) { G_OBJECT_CLASS(klass)->finalize = fake_engine_finalize; }

static GThread* main_thread;

gboolean fl_texture_registrar_register_texture(FlTextureRegistrar* registrar, FlTexture* texture) {
  FakeEngine* engine = FAKE_ENGINE(registrar);
  if (engine->refuses) {
    return FALSE;
  }
  engine->texture = FL_TEXTURE(g_object_ref(texture));
  return TRUE;
}

gboolean fl_texture_registrar_mark_texture_frame_available(FlTextureRegistrar* registrar, FlTexture* texture) {
  FakeEngine* engine = FAKE_ENGINE(registrar);
  CHECK(g_thread_self() == main_thread);
  CHECK(engine->texture == texture);
  engine->marked++;
  return TRUE;
}

// Drops the texture at once, as the engine does, though its raster thread may be using it.
gboolean fl_texture_registrar_unregister_texture(FlTextureRegistrar* registrar, FlTexture* texture) {
  FakeEngine* engine = FAKE_ENGINE(registrar);
  CHECK(engine->texture == texture);
  engine->unregistered++;
  g_clear_object(&engine->texture);
  return TRUE;
}

namespace {

struct Painted {
  const uint8_t* buffer;
  uint32_t width, height;
};

// As on the raster thread.
Painted Paint(PrintcamTexture* texture) {
  Painted painted = {nullptr, 0, 0};
  GError* error = nullptr;
  CHECK(FL_PIXEL_BUFFER_TEXTURE_GET_CLASS(texture)->copy_pixels(FL_PIXEL_BUFFER_TEXTURE(texture), &painted.buffer,
                                                                &painted.width, &painted.height, &error));
  CHECK(error == nullptr && painted.buffer != nullptr);
  return painted;
}

FakeEngine* NewEngine() { return FAKE_ENGINE(g_object_new(fake_engine_get_type(), nullptr)); }

PrintcamTexture* NewTexture(FakeEngine* engine) {
  int32_t status = -1;
  PrintcamTexture* texture =
      printcam_texture_new(FL_TEXTURE_REGISTRAR(engine), FakeLibrary::Api(), FakeLibrary::kStream, &status);
  CHECK(texture != nullptr && status == kPrintcamOk && engine->texture == FL_TEXTURE(texture));
  return texture;
}

void RunMainLoop() {
  while (g_main_context_iteration(nullptr, FALSE)) {
  }
}

void SaysWhyThereIsNone() {
  FakeLibrary library;
  g_autoptr(FakeEngine) engine = NewEngine();
  int32_t status = -1;
  CHECK(printcam_texture_new(FL_TEXTURE_REGISTRAR(engine), FakeLibrary::Api(), FakeLibrary::kStream + 1, &status) ==
        nullptr);
  CHECK(status == kPrintcamStaleHandle && engine->texture == nullptr);

  engine->refuses = TRUE;
  CHECK(printcam_texture_new(FL_TEXTURE_REGISTRAR(engine), FakeLibrary::Api(), FakeLibrary::kStream, &status) ==
        nullptr);
  CHECK(status == kPrintcamOk && library.attached() == 1 && library.detached() == 1);
}

void ShowsPictures() {
  FakeLibrary library;
  g_autoptr(FakeEngine) engine = NewEngine();
  g_autoptr(PrintcamTexture) texture = NewTexture(engine);
  Painted painted = Paint(texture);
  CHECK(painted.width == 1 && painted.height == 1 && painted.buffer[3] == 0);

  library.HavePicture();
  painted = Paint(texture);
  CHECK(painted.width == FakeLibrary::kWidth && painted.height == FakeLibrary::kHeight);
  CHECK(painted.buffer[0] == FakeLibrary::kBright);
}

void TellsTheEngineOnceForManyPictures() {
  FakeLibrary library;
  g_autoptr(FakeEngine) engine = NewEngine();
  g_autoptr(PrintcamTexture) texture = NewTexture(engine);
  for (int round = 1; round <= 2; round++) {
    std::thread([&] {
      for (int i = 0; i < 1000; i++) {
        library.Announce();
      }
    }).join();
    CHECK(engine->marked == round - 1);
    RunMainLoop();
    CHECK(engine->marked == round);
  }
}

// The picture that may be being uploaded stays for a while, and the engine is not called after close, however busy the
// library is.
void ClosesUnderFire() {
  FakeLibrary library;
  library.HavePicture();
  g_autoptr(FakeEngine) engine = NewEngine();
  PrintcamTexture* texture = NewTexture(engine);
  gpointer alive = texture;
  g_object_add_weak_pointer(G_OBJECT(texture), &alive);
  std::atomic<bool> started{false};
  std::thread busy([&] {
    while (library.Announce()) {
      started = true;
    }
  });
  while (!started) {
    std::this_thread::yield();
  }
  const uint8_t* uploading = Paint(texture).buffer;
  printcam_texture_close(texture);
  g_object_unref(texture);
  int marked = engine->marked;
  for (int i = 0; i < 100; i++) {
    g_main_context_iteration(nullptr, FALSE);
  }
  CHECK(engine->unregistered == 1 && library.detached() == 0 && uploading[0] == FakeLibrary::kBright);

  while (alive != nullptr) {
    g_main_context_iteration(nullptr, TRUE);
  }
  busy.join();
  RunMainLoop();
  CHECK(library.detached() == 1 && engine->marked == marked);
}

// The library goes on while an engine goes away.
void GoesWithItsEngineUnderFire() {
  for (int round = 0; round < 200; round++) {
    FakeLibrary library;
    FakeEngine* engine = NewEngine();
    PrintcamTexture* texture = NewTexture(engine);
    std::atomic<bool> started{false};
    std::thread busy([&] {
      while (library.Announce()) {
        started = true;
      }
    });
    while (!started) {
      std::this_thread::yield();
    }
    printcam_texture_abandon(texture);
    g_object_unref(texture);
    busy.join();
    CHECK(library.detached() == 1);
    // What was announced before finds nothing to do.
    RunMainLoop();
    CHECK(engine->marked == 0);
    g_object_unref(engine);
  }
}

}  // namespace

int main() {
  main_thread = g_thread_self();
  SaysWhyThereIsNone();
  ShowsPictures();
  TellsTheEngineOnceForManyPictures();
  ClosesUnderFire();
  GoesWithItsEngineUnderFire();
  std::puts("linux_texture_test: passed");
}
