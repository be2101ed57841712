/* Shows a camera by the library and our plugin's texture in a real Flutter engine, and compares the screen with
 * pictures that the library captures of the same stream.
 *
 * camera BUNDLE SOCKET SHOT URL [swapped]: the application's folder, where app.py listens, the PNG file to write, the
 * camera, and whether red and blue are to be exchanged. Ends with 0 where the screen showed the camera. */
#include <printcam.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "expect.h"
#include "plugin.h"
#include "screen.h"

/* Seconds. A first picture takes about one, unless the machine is busy. */
enum { PICTURE_LIMIT = 60 };
/* How far the screen may be from a capture, as a mean over all channels of all pixels, of 255. JPEG and the time
 * between the two make about one. */
static const double NEAR = 4;
/* How far it has to be with red and blue exchanged. Nearer, the scene has too little colour to prove anything. */
static const double FAR = 12;
/* So many different screens are a moving picture. */
enum { CHANGES = 10 };

typedef struct {
    PrintcamStream stream;
    GMutex lock; /* guards what the library's threads write: the next two */
    GdkPixbuf *answer;
    char *failure;
    GdkPixbuf *shot, *captured; /* of the screen and of the stream, at the same time */
    unsigned changes;
} Camera;

static const PrintcamTextureApi *exchanging_red_and_blue(const PrintcamTextureApi *api);
static void on_event(void *user, const PrintcamEvent *event);
static bool is_shown(void *camera);
static bool has_moved(void *camera);
static double difference(GdkPixbuf *one, GdkPixbuf *other, bool exchanged);
static void require(PrintcamStatus status);

int main(int argc, char **argv) {
    if (argc < 5) fail("usage: camera BUNDLE SOCKET SHOT URL [swapped]");
    App *app = app_start(argv[1], argv[2]);
    Plugin *plugin = plugin_register(app);

    Camera camera = {0};
    PrintcamManager manager;
    PrintcamOptions options = {.trust = 3 /* anybody */, .latency_ms = UINT32_MAX};
    PrintcamText url = {(const uint8_t *)argv[4], strlen(argv[4])}, none = {0};
    require(printcam_manager_new(0, on_event, &camera, &manager));
    require(printcam_stream_start(manager, url, none, none, &options, &camera.stream));
    const PrintcamTextureApi *api = printcam_texture_api();
    if (argc > 5 && g_str_equal(argv[5], "swapped")) api = exchanging_red_and_blue(api);
    int64_t texture = plugin_create(plugin, camera.stream, api);
    app_show_texture(app, texture);

    bool shown = wait_until(is_shown, &camera, PICTURE_LIMIT);
    screen_save(camera.shot, argv[3]);
    if (camera.failure != NULL) fail(camera.failure);
    if (camera.captured == NULL) fail("the library captured nothing");
    double as_it_is = difference(camera.shot, camera.captured, false);
    double exchanged = difference(camera.shot, camera.captured, true);
    printf("screen and capture differ by %.2f of 255; with red and blue exchanged by %.2f\n", as_it_is, exchanged);
    if (!shown) fail("the screen shows something else than the camera");
    bool moved = wait_until(has_moved, &camera, PICTURE_LIMIT);
    printf("the screen changed %u times\n", camera.changes);
    if (!moved) fail("the screen stands still");

    plugin_dispose(plugin, texture);
    require(printcam_manager_free(manager));
    require(printcam_dispose_all(5000));
    return EXIT_SUCCESS;
}

/* On the library's threads. */
static void on_event(void *user, const PrintcamEvent *event) {
    Camera *camera = user;
    g_mutex_lock(&camera->lock);
    if (event->kind == PRINTCAM_EVENT_FAILED && camera->failure == NULL) {
        camera->failure = g_strndup((const char *)event->message.data, event->message.len);
    }
    if (event->kind == PRINTCAM_EVENT_ANSWER && event->data.len > 0) {
        g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new();
        gdk_pixbuf_loader_write(loader, event->data.data, event->data.len, NULL);
        gdk_pixbuf_loader_close(loader, NULL);
        if (gdk_pixbuf_loader_get_pixbuf(loader) != NULL) {
            g_set_object(&camera->answer, gdk_pixbuf_loader_get_pixbuf(loader));
        }
        printcam_buffer_free(event->data);
    }
    g_mutex_unlock(&camera->lock);
}

/* Takes a screenshot together with a capture, compares them when the capture has come, and begins again. */
static bool is_shown(void *data) {
    Camera *camera = data;
    g_mutex_lock(&camera->lock);
    bool failed = camera->failure != NULL;
    g_autoptr(GdkPixbuf) answer = g_steal_pointer(&camera->answer);
    g_mutex_unlock(&camera->lock);
    if (failed) return true;
    if (answer != NULL) {
        g_set_object(&camera->captured, answer);
        bool near = difference(camera->shot, answer, false) <= NEAR;
        if (near && difference(camera->shot, answer, true) >= FAR) return true;
    }
    if (answer != NULL || camera->shot == NULL) {
        g_clear_object(&camera->shot);
        camera->shot = screen_shot();
        PrintcamRequest request;
        require(printcam_stream_capture(camera->stream, &request));
    }
    return false;
}

static bool has_moved(void *data) {
    Camera *camera = data;
    g_autoptr(GdkPixbuf) shot = screen_shot();
    if (difference(shot, camera->shot, false) > 0) {
        g_set_object(&camera->shot, shot);
        camera->changes += 1;
    }
    return camera->changes == CHANGES;
}

/* The mean over all channels; 255 where the sizes differ. */
static double difference(GdkPixbuf *one, GdkPixbuf *other, bool exchanged) {
    int width = gdk_pixbuf_get_width(one), height = gdk_pixbuf_get_height(one);
    if (gdk_pixbuf_get_width(other) != width || gdk_pixbuf_get_height(other) != height) return 255;
    guint64 sum = 0;
    for (int y = 0; y < height; y++) {
        const guchar *a = gdk_pixbuf_read_pixels(one) + (gsize)y * gdk_pixbuf_get_rowstride(one);
        const guchar *b = gdk_pixbuf_read_pixels(other) + (gsize)y * gdk_pixbuf_get_rowstride(other);
        for (int x = 0; x < width; x++) {
            for (int i = 0; i < 3; i++) sum += abs(a[i] - b[exchanged ? 2 - i : i]);
            a += gdk_pixbuf_get_n_channels(one);
            b += gdk_pixbuf_get_n_channels(other);
        }
    }
    return (double)sum / ((double)width * height * 3);
}

static const PrintcamTextureApi *library;

static PrintcamStatus exchanged_pixels(PrintcamTexture texture, PrintcamPixels *pixels) {
    static uint8_t copy[APP_WIDTH * APP_HEIGHT * 4];
    PrintcamStatus status = library->texture_pixels(texture, pixels);
    gsize size = (gsize)pixels->width * pixels->height * 4;
    if (status != PRINTCAM_OK || size > sizeof copy) return status;
    for (gsize i = 0; i < size; i += 4) {
        copy[i] = pixels->data[i + 2];
        copy[i + 1] = pixels->data[i + 1];
        copy[i + 2] = pixels->data[i];
        copy[i + 3] = pixels->data[i + 3];
    }
    pixels->data = copy;
    return status;
}

static const PrintcamTextureApi *exchanging_red_and_blue(const PrintcamTextureApi *api) {
    static PrintcamTextureApi table;
    library = api;
    table = *api;
    table.texture_pixels = exchanged_pixels;
    return &table;
}

static void require(PrintcamStatus status) {
    if (status == PRINTCAM_OK) return;
    PrintcamText message = printcam_status_message(status);
    g_autofree gchar *text = g_strndup((const char *)message.data, message.len);
    fail(text);
}
