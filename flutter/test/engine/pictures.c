#include "pictures.h"

#include <glib.h>
#include <string.h>

const uint8_t COLOUR[COLOURS][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
const char *const COLOUR_NAME[COLOURS] = {"red", "green", "blue", "white"};
const uint64_t PICTURES_STREAM = (UINT64_C(3) << 32) | 7;

/* As wide and high as any printer's picture. */
enum { MAX_WIDTH = 1920, MAX_HEIGHT = 1080 };

typedef struct {
    uint8_t data[MAX_WIDTH * MAX_HEIGHT * 4];
    uint32_t width, height; /* 0: no picture yet */
} Picture;

typedef struct {
    PrintcamFrameAvailable frame_available; /* null: free */
    void *user;
} Texture;

/* Handles are 1 and up. Disposed textures stay attached for a while. */
enum { MAX_TEXTURES = 64 };

/* Held while a user is called, so that none is called after a detach. */
static GMutex calls;
static Texture textures[MAX_TEXTURES];

/* Guards what follows, and is never held while the user is called. */
static GMutex pictures;
static PicturesFault fault;
static Picture newest, given;
static unsigned taken;

static int32_t attach(uint64_t stream, PrintcamFrameAvailable callback, void *user, uint64_t *texture) {
    if (stream != PICTURES_STREAM) return kPrintcamStaleHandle;
    int32_t status = kPrintcamUnsupported;
    g_mutex_lock(&calls);
    for (unsigned i = 0; i < MAX_TEXTURES && status != kPrintcamOk; i++) {
        if (textures[i].frame_available != NULL) continue;
        textures[i] = (Texture){callback, user};
        *texture = i + 1;
        status = kPrintcamOk;
    }
    g_mutex_unlock(&calls);
    return status;
}

static int32_t detach(uint64_t texture) {
    if (texture == 0 || texture > MAX_TEXTURES) return kPrintcamStaleHandle;
    g_mutex_lock(&calls);
    textures[texture - 1] = (Texture){0};
    g_mutex_unlock(&calls);
    return kPrintcamOk;
}

static int32_t pixels(uint64_t texture, PrintcamPixels *out) {
    if (texture == 0 || texture > MAX_TEXTURES) return kPrintcamStaleHandle;
    g_mutex_lock(&pictures);
    taken += 1;
    /* A copy, which the engine's one raster thread reads while the next picture is made. */
    given.width = newest.width;
    given.height = newest.height;
    memcpy(given.data, newest.data, (size_t)newest.width * newest.height * 4);
    *out = (PrintcamPixels){.data = given.data, .width = given.width, .height = given.height};
    g_mutex_unlock(&pictures);
    return out->width == 0 ? kPrintcamNoPicture : kPrintcamOk;
}

static void *copy_pixel_buffer(uint64_t texture) {
    (void)texture;
    return NULL;
}

const PrintcamTextureApi *pictures_api(PicturesFault wanted) {
    static const PrintcamTextureApi api = {
        .abi_version = PRINTCAM_TEXTURE_ABI_VERSION,
        .texture_attach = attach,
        .texture_detach = detach,
        .texture_pixels = pixels,
        .texture_copy_pixel_buffer = copy_pixel_buffer,
    };
    fault = wanted;
    return &api;
}

static void paint(unsigned turn, uint32_t width, uint32_t height) {
    newest.width = width;
    newest.height = height;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            unsigned quarter = (y >= height / 2) * 2 + (x >= width / 2);
            const uint8_t *colour = COLOUR[(quarter + turn) % COLOURS];
            uint8_t *pixel = newest.data + ((size_t)y * width + x) * 4;
            bool swapped = fault == FAULT_SWAPPED;
            pixel[0] = colour[swapped ? 2 : 0];
            pixel[1] = colour[1];
            pixel[2] = colour[swapped ? 0 : 2];
            pixel[3] = 255;
        }
    }
}

typedef struct {
    unsigned turn;
    uint32_t width, height;
} Order;

static gpointer publish(gpointer data) {
    const Order *order = data;
    g_mutex_lock(&pictures);
    bool tell = !(fault == FAULT_FROZEN && newest.width != 0);
    paint(order->turn, order->width, order->height);
    g_mutex_unlock(&pictures);
    g_mutex_lock(&calls);
    for (unsigned i = 0; i < MAX_TEXTURES && tell; i++) {
        if (textures[i].frame_available != NULL) textures[i].frame_available(textures[i].user);
    }
    g_mutex_unlock(&calls);
    return NULL;
}

void pictures_publish(unsigned turn, uint32_t width, uint32_t height) {
    g_assert(width <= MAX_WIDTH && height <= MAX_HEIGHT);
    Order order = {turn, width, height};
    g_thread_join(g_thread_new("pictures", publish, &order));
}

unsigned pictures_attached(void) {
    unsigned count = 0;
    g_mutex_lock(&calls);
    for (unsigned i = 0; i < MAX_TEXTURES; i++) count += textures[i].frame_available != NULL;
    g_mutex_unlock(&calls);
    return count;
}

unsigned pictures_taken(void) {
    g_mutex_lock(&pictures);
    unsigned count = taken;
    g_mutex_unlock(&pictures);
    return count;
}
