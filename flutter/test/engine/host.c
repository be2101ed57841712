/* Shows our plugin's texture in a real Flutter engine and looks at the screen.
 *
 * host BUNDLE SOCKET SHOT [swapped|frozen]: the application's folder, where app.py listens, the PNG to write, and what
 * is to be wrong. Ends with 0 where the screen showed what it should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "dart_side.h"
#include "pictures.h"
#include "screen.h"

void printcam_plugin_register_with_registrar(FlPluginRegistrar *registrar);

enum { WIDTH = 1168, HEIGHT = 720 };
/* Seconds. The engine's start takes two here; drawing takes far less than one. */
enum { START_LIMIT = 60, DRAW_LIMIT = 15 };

static const char *const CHANNEL = "printcam/textures";

typedef struct {
    unsigned turn;
    GdkPixbuf *shot; /* the last one */
    Counts counts;
} Expected;

static PicturesFault fault_named(const char *name);
static bool wait_until(bool (*holds)(void *), void *data, unsigned seconds);
static int64_t create_texture(FlPluginRegistrar *registrar, const PrintcamTextureApi *api);
static void dispose_texture(FlPluginRegistrar *registrar, int64_t texture);
static bool has_asked(void *app);
static void expect_picture(const char *what, unsigned turn, uint32_t width, uint32_t height, const char *file);
static void fail(const char *reason);

int main(int argc, char **argv) {
    if (argc < 4) fail("usage: host BUNDLE SOCKET SHOT [swapped|frozen]");
    gtk_init(&argc, &argv);
    App *app = app_start(argv[1], argv[2], WIDTH, HEIGHT);
    if (!wait_until(has_asked, app, START_LIMIT)) fail("the application never asked for a texture");

    FlPluginRegistrar *registrar = dart_side_new(app_view(app), app_textures(app));
    printcam_plugin_register_with_registrar(registrar);
    int64_t texture = create_texture(registrar, pictures_api(fault_named(argc > 4 ? argv[4] : "")));
    if (!pictures_are_attached()) fail("the plugin has made a texture without attaching it");
    app_show_texture(app, texture, WIDTH, HEIGHT);

    expect_picture("a picture of the window's size", 0, WIDTH, HEIGHT, argv[3]);
    expect_picture("the next picture, its colours moved on", 1, WIDTH, HEIGHT, argv[3]);
    expect_picture("a smaller picture of odd size", 2, 641, 359, argv[3]);
    expect_picture("a large picture, as at the start", 0, 1920, 1080, argv[3]);

    dispose_texture(registrar, texture);
    if (pictures_are_attached()) fail("the plugin has disposed of the texture without detaching it");
    puts("disposed of: detached");
    return EXIT_SUCCESS;
}

static PicturesFault fault_named(const char *name) {
    if (g_str_equal(name, "swapped")) return FAULT_SWAPPED;
    if (g_str_equal(name, "frozen")) return FAULT_FROZEN;
    if (!g_str_equal(name, "")) fail("the faults are swapped and frozen");
    return FAULT_NONE;
}

static int64_t create_texture(FlPluginRegistrar *registrar, const PrintcamTextureApi *api) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "stream", fl_value_new_int((int64_t)PICTURES_STREAM));
    fl_value_set_string_take(arguments, "api", fl_value_new_int((int64_t)(intptr_t)api));
    g_autoptr(GError) error = NULL;
    FlValue *answer = dart_side_call(registrar, CHANNEL, "create", arguments, &error);
    if (answer == NULL) fail(error->message);
    int64_t texture = fl_value_get_int(answer);
    fl_value_unref(answer);
    return texture;
}

static void dispose_texture(FlPluginRegistrar *registrar, int64_t texture) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "texture", fl_value_new_int(texture));
    g_autoptr(GError) error = NULL;
    FlValue *answer = dart_side_call(registrar, CHANNEL, "dispose", arguments, &error);
    if (answer == NULL) fail(error->message);
    fl_value_unref(answer);
}

static bool has_asked(void *app) {
    return app_wants_texture(app);
}

static bool is_shown(void *data) {
    Expected *expected = data;
    g_clear_object(&expected->shot);
    expected->shot = screen_shot();
    expected->counts = screen_count(expected->shot);
    return screen_shows(&expected->counts, expected->turn);
}

static void expect_picture(const char *what, unsigned turn, uint32_t width, uint32_t height, const char *file) {
    unsigned taken = pictures_taken();
    pictures_publish(turn, width, height);
    Expected expected = {.turn = turn};
    bool shown = wait_until(is_shown, &expected, DRAW_LIMIT);
    g_autoptr(GError) error = NULL;
    if (!gdk_pixbuf_save(expected.shot, file, "png", &error, NULL)) fail(error->message);
    g_clear_object(&expected.shot);
    printf("%s, %ux%u, taken %u times:\n", what, width, height, pictures_taken() - taken);
    screen_print(&expected.counts);
    if (!shown) fail("the screen shows other colours");
}

static gboolean wake(gpointer data) {
    (void)data;
    return G_SOURCE_CONTINUE;
}

/* Runs the main loop until something holds; false when it does not after so many seconds. */
static bool wait_until(bool (*holds)(void *), void *data, unsigned seconds) {
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    guint waker = g_timeout_add(50, wake, NULL);
    bool held;
    while (!(held = holds(data)) && g_get_monotonic_time() < deadline) g_main_context_iteration(NULL, TRUE);
    g_source_remove(waker);
    return held;
}

static void fail(const char *reason) {
    fflush(stdout);
    fprintf(stderr, "FAILED: %s\n", reason);
    exit(EXIT_FAILURE);
}
