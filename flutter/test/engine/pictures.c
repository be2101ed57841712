#include "pictures.h"

#include <glib.h>
#include <string.h>

const uint8_t COLOUR[COLOURS][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
const char *const COLOUR_NAME[COLOURS] = {"red", "green", "blue", "white"};
const uint64_t PICTURES_STREAM = (UINT64_C(3) << 32) | 7;

static const uint64_t TEXTURE = (UINT64_C(5) << 32) | 9;
/* As wide and high as any printer's picture. */
enum { MAX_WIDTH = 1920, MAX_HEIGHT = 1080 };

typedef struct {
    uint8_t data[MAX_WIDTH * MAX_HEIGHT * 4];
    uint32_t width, height; /* 0: no picture yet */
} Picture;

/* Held while the user is called, so that none is called after a detach. */
static GMutex calls;
static PrintcamFrameAvailable frame_available;
static void *frame_user;

/* Guards what follows, and is never held while the user is called. */
static GMutex pictures;
static PicturesFault fault;
static Picture newest, given;
static bool told; /* of the newest picture */
static unsigned taken;

static int32_t attach(uint64_t stream, PrintcamFrameAvailable callback, void *user, uint64_t *texture) {
    if (stream != PICTURES_STREAM) return kPrintcamStaleHandle;
    g_mutex_lock(&calls);
    frame_available = callback;
    frame_user = user;
    g_mutex_unlock(&calls);
    *texture = TEXTURE;
    return kPrintcamOk;
}

static int32_t detach(uint64_t texture) {
    if (texture != TEXTURE) return kPrintcamStaleHandle;
    g_mutex_lock(&calls);
    frame_available = NULL;
    g_mutex_unlock(&calls);
    return kPrintcamOk;
}

static int32_t pixels(uint64_t texture, PrintcamPixels *out) {
    if (texture != TEXTURE) return kPrintcamStaleHandle;
    g_mutex_lock(&pictures);
    taken += 1;
    told = false;
    /* A copy: the engine reads it while the next picture is made. */
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
    bool tell = !told && !(fault == FAULT_FROZEN && newest.width != 0);
    paint(order->turn, order->width, order->height);
    told = true;
    g_mutex_unlock(&pictures);
    g_mutex_lock(&calls);
    if (tell && frame_available != NULL) frame_available(frame_user);
    g_mutex_unlock(&calls);
    return NULL;
}

void pictures_publish(unsigned turn, uint32_t width, uint32_t height) {
    g_assert(width <= MAX_WIDTH && height <= MAX_HEIGHT);
    Order order = {turn, width, height};
    g_thread_join(g_thread_new("pictures", publish, &order));
}

bool pictures_are_attached(void) {
    g_mutex_lock(&calls);
    bool attached = frame_available != NULL;
    g_mutex_unlock(&calls);
    return attached;
}

unsigned pictures_taken(void) {
    g_mutex_lock(&pictures);
    unsigned count = taken;
    g_mutex_unlock(&pictures);
    return count;
}
