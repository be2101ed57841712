/* Shows known pictures by our plugin's texture in a real Flutter engine, and counts the colours on the screen.
 *
 * known_pictures BUNDLE SOCKET SHOT [swapped|frozen]: the application's folder, where app.py listens, the PNG file to
 * write, and what is to be wrong. Ends with 0 where the screen showed what it should. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "expect.h"
#include "pictures.h"
#include "plugin.h"
#include "quarters.h"
#include "screen.h"

/* Seconds. Drawing takes far less than one; the plugin keeps a disposed texture for one. */
enum { DRAW_LIMIT = 15, DETACH_LIMIT = 15 };

static PicturesFault fault_named(const char *name);
static void expect_picture(const char *what, unsigned turn, uint32_t width, uint32_t height, const char *file);
static void change_textures(App *app, Plugin *plugin, const char *file);
static void refuse_misuse(Plugin *plugin);
static bool is_detached(void *nothing);

int main(int argc, char **argv) {
    if (argc < 4) fail("usage: known_pictures BUNDLE SOCKET SHOT [swapped|frozen]");
    const char *shot = argv[3];
    App *app = app_start(argv[1], argv[2]);
    Plugin *plugin = plugin_register(app);
    int64_t texture = plugin_create(plugin, PICTURES_STREAM, pictures_api(fault_named(argc > 4 ? argv[4] : "")));
    if (pictures_attached() != 1) fail("the plugin has made a texture without attaching it");
    app_show_texture(app, texture);

    expect_picture("a picture of the window's size", 0, APP_WIDTH, APP_HEIGHT, shot);
    expect_picture("the next picture, its colours moved on", 1, APP_WIDTH, APP_HEIGHT, shot);
    expect_picture("a smaller picture of odd size", 2, 641, 359, shot);
    expect_picture("a larger picture, as at the start", 0, 1920, 1080, shot);

    plugin_dispose(plugin, texture);
    /* One more picture, as from a library that does not know yet. */
    pictures_publish(1, APP_WIDTH, APP_HEIGHT);
    if (!wait_until(is_detached, NULL, DETACH_LIMIT)) fail("the plugin never detached the texture it disposed of");
    puts("disposed of: detached");
    change_textures(app, plugin, shot);
    refuse_misuse(plugin);
    return EXIT_SUCCESS;
}

static PicturesFault fault_named(const char *name) {
    if (g_str_equal(name, "swapped")) return FAULT_SWAPPED;
    if (g_str_equal(name, "frozen")) return FAULT_FROZEN;
    if (!g_str_equal(name, "")) fail("the faults are swapped and frozen");
    return FAULT_NONE;
}

typedef struct {
    unsigned turn;
    GdkPixbuf *shot; /* the last one */
    Counts counts;
} Expected;

static bool is_shown(void *data) {
    Expected *expected = data;
    g_clear_object(&expected->shot);
    expected->shot = screen_shot();
    expected->counts = quarters_count(expected->shot);
    return quarters_show(&expected->counts, expected->turn);
}

static void expect_picture(const char *what, unsigned turn, uint32_t width, uint32_t height, const char *file) {
    unsigned taken = pictures_taken();
    pictures_publish(turn, width, height);
    Expected expected = {.turn = turn};
    bool shown = wait_until(is_shown, &expected, DRAW_LIMIT);
    screen_save(expected.shot, file);
    g_clear_object(&expected.shot);
    if (what == NULL && shown) return;
    printf("%s, %ux%u, taken %u times:\n", what == NULL ? "a new texture" : what, width, height,
           pictures_taken() - taken);
    quarters_print(&expected.counts);
    if (!shown) fail("the screen shows other colours");
}

/* Textures that go while the engine draws them. */
static void change_textures(App *app, Plugin *plugin, const char *file) {
    enum { CHANGES = 20 };
    for (unsigned turn = 0; turn < CHANGES; turn++) {
        int64_t texture = plugin_create(plugin, PICTURES_STREAM, pictures_api(FAULT_NONE));
        app_show_texture(app, texture);
        expect_picture(NULL, turn, APP_WIDTH, APP_HEIGHT, file);
        pictures_publish(turn + 2, APP_WIDTH, APP_HEIGHT);
        plugin_dispose(plugin, texture);
    }
    if (!wait_until(is_detached, NULL, DETACH_LIMIT)) fail("a texture stays attached");
    printf("%u textures after one another: each was shown and detached\n", CHANGES);
}

static void refuse_misuse(Plugin *plugin) {
    PrintcamTextureApi other = *pictures_api(FAULT_NONE);
    other.abi_version += 1;
    plugin_refuses(plugin, PICTURES_STREAM, &other);
    plugin_refuses(plugin, PICTURES_STREAM + 1, pictures_api(FAULT_NONE));
    plugin_dispose(plugin, 1);
}

static bool is_detached(void *nothing) {
    (void)nothing;
    return pictures_attached() == 0;
}
