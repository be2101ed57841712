#include "printcam_texture.h"

// How long a closed texture and its last picture are kept. The engine takes a texture out of use by a message to its raster
// thread and does not say when that has happened; a raster thread that takes longer than this for one frame is stuck.
static const guint kRasterGraceSeconds = 1;

// What is shown before the first picture and after the last. The engine takes a refusal for an error, and engines are
// known to crash on one.
static const uint8_t kTransparent[4] = {0, 0, 0, 0};

struct _PrintcamTexture {
  FlPixelBufferTexture parent_instance;
  FlTextureRegistrar* registrar;
  const PrintcamTextureApi* api;
  // 0 when detached.
  uint64_t handle;
  // Whether the main thread has been told of a new picture and has not got round to it. Atomic.
  gint pending;
  // Main thread only.
  gboolean closed;
};

G_DEFINE_TYPE(PrintcamTexture, printcam_texture, fl_pixel_buffer_texture_get_type())

// On the main thread.
static gboolean announce(gpointer user_data) {
  PrintcamTexture* self = PRINTCAM_TEXTURE(user_data);
  g_atomic_int_set(&self->pending, FALSE);
  if (!self->closed) {
    fl_texture_registrar_mark_texture_frame_available(self->registrar, FL_TEXTURE(self));
  }
  return G_SOURCE_REMOVE;
}

// On the library's threads. The engine must be told on the main thread: its shell asserts that, and its texture registrar
// asks a GObject for the engine.
static void frame_available(void* user) {
  PrintcamTexture* self = PRINTCAM_TEXTURE(user);
  // While the main thread is busy one message to it is enough: the engine takes the newest picture anyway.
  if (g_atomic_int_compare_and_exchange(&self->pending, FALSE, TRUE)) {
    g_idle_add_full(G_PRIORITY_DEFAULT, announce, g_object_ref(self), g_object_unref);
  }
}

// On the raster thread, which uploads the pixels right after.
static gboolean printcam_texture_copy_pixels(FlPixelBufferTexture* texture, const uint8_t** out_buffer, uint32_t* width,
                                             uint32_t* height, GError** error) {
  (void)error;
  PrintcamTexture* self = PRINTCAM_TEXTURE(texture);
  PrintcamPixels pixels = {nullptr, 0, 0};
  if (self->api->texture_pixels(self->handle, &pixels) != kPrintcamOk || pixels.data == nullptr) {
    pixels = {kTransparent, 1, 1};
  }
  *out_buffer = pixels.data;
  *width = pixels.width;
  *height = pixels.height;
  return TRUE;
}

static void printcam_texture_dispose(GObject* object) {
  PrintcamTexture* self = PRINTCAM_TEXTURE(object);
  // Here and not in finalize: until this returns frame_available may take references, and then the object lives on.
  if (self->handle != 0) {
    self->api->texture_detach(self->handle);
    self->handle = 0;
  }
  self->closed = TRUE;
  g_clear_object(&self->registrar);
  G_OBJECT_CLASS(printcam_texture_parent_class)->dispose(object);
}

static void printcam_texture_class_init(PrintcamTextureClass* klass) {
  G_OBJECT_CLASS(klass)->dispose = printcam_texture_dispose;
  FL_PIXEL_BUFFER_TEXTURE_CLASS(klass)->copy_pixels = printcam_texture_copy_pixels;
}

static void printcam_texture_init(PrintcamTexture* self) { (void)self; }

PrintcamTexture* printcam_texture_new(FlTextureRegistrar* registrar, const PrintcamTextureApi* api, uint64_t stream,
                                      int32_t* status) {
  g_autoptr(PrintcamTexture) self = PRINTCAM_TEXTURE(g_object_new(printcam_texture_get_type(), nullptr));
  self->registrar = FL_TEXTURE_REGISTRAR(g_object_ref(registrar));
  self->api = api;
  // First the stream: what it announces waits until this function is over.
  *status = api->texture_attach(stream, frame_available, self, &self->handle);
  if (*status != kPrintcamOk) {
    self->handle = 0;
    return nullptr;
  }
  if (!fl_texture_registrar_register_texture(registrar, FL_TEXTURE(self))) {
    return nullptr;
  }
  return PRINTCAM_TEXTURE(g_steal_pointer(&self));
}

void printcam_texture_abandon(PrintcamTexture* self) {
  // Waiting for the last reference would not do: a library that keeps announcing pictures always holds one.
  g_object_run_dispose(G_OBJECT(self));
}

static gboolean grace_is_over(gpointer user_data) {
  printcam_texture_abandon(PRINTCAM_TEXTURE(user_data));
  return G_SOURCE_REMOVE;
}

void printcam_texture_close(PrintcamTexture* self) {
  self->closed = TRUE;
  fl_texture_registrar_unregister_texture(self->registrar, FL_TEXTURE(self));
  g_timeout_add_seconds_full(G_PRIORITY_DEFAULT, kRasterGraceSeconds, grace_is_over, g_object_ref(self),
                             g_object_unref);
}
