/* The application shows a video by a Texture widget, and asks a plugin for the texture over a channel. This program
 * answers in that plugin's stead, and so decides which texture is shown. */
#include "app.h"

#include <dlfcn.h>

#include "expect.h"

/* Seconds. It takes two. */
enum { START_LIMIT = 60 };

struct _App {
    FlView *view;
    FlMethodChannel *player;
    /* The player that asked for a texture; 0 before. */
    int64_t player_handle;
};

static bool has_asked(void *app);
static void load_plugin(FlView *view, const char *bundle, const char *library, const char *prefix, const char *name);
static void on_player_call(FlMethodChannel *channel, FlMethodCall *call, gpointer user_data);

App *app_start(const char *bundle, const char *socket) {
    gtk_init(NULL, NULL);
    App *app = g_new0(App, 1);
    g_autofree gchar *code = g_build_filename(bundle, "lib", "libapp.so", NULL);
    g_autofree gchar *assets = g_build_filename(bundle, "data", "flutter_assets", NULL);
    g_autofree gchar *icu = g_build_filename(bundle, "data", "icudtl.dat", NULL);
    char *arguments[] = {(char *)socket, NULL};
    FlDartProject *project = fl_dart_project_new();
    fl_dart_project_set_aot_library_path(project, code);
    fl_dart_project_set_assets_path(project, assets);
    fl_dart_project_set_icu_data_path(project, icu);
    fl_dart_project_set_dart_entrypoint_arguments(project, arguments);

    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_default_size(GTK_WINDOW(window), APP_WIDTH, APP_HEIGHT);
    gtk_window_set_decorated(GTK_WINDOW(window), FALSE);
    gtk_widget_show(window);
    app->view = fl_view_new(project);
    gtk_widget_show(GTK_WIDGET(app->view));
    gtk_container_add(GTK_CONTAINER(window), GTK_WIDGET(app->view));

    /* The application's start asks the window manager's plugin for the window's state, and ends without an answer. */
    load_plugin(app->view, bundle, "libwindow_manager_plugin.so", "window_manager_plugin", "WindowManagerPlugin");
    load_plugin(app->view, bundle, "libscreen_retriever_linux_plugin.so", "screen_retriever_linux_plugin",
                "ScreenRetrieverLinuxPlugin");
    FlBinaryMessenger *messenger = fl_engine_get_binary_messenger(fl_view_get_engine(app->view));
    app->player =
        fl_method_channel_new(messenger, "com.alexmercerind/media_kit_video", fl_standard_method_codec_new());
    fl_method_channel_set_method_call_handler(app->player, on_player_call, app, NULL);
    if (!wait_until(has_asked, app, START_LIMIT)) fail("the application never asked for a texture");
    return app;
}

FlView *app_view(App *app) {
    return app->view;
}

FlTextureRegistrar *app_textures(App *app) {
    return fl_engine_get_texture_registrar(fl_view_get_engine(app->view));
}

void app_show_texture(App *app, int64_t texture) {
    FlValue *rectangle = fl_value_new_map();
    fl_value_set_string_take(rectangle, "left", fl_value_new_int(0));
    fl_value_set_string_take(rectangle, "top", fl_value_new_int(0));
    fl_value_set_string_take(rectangle, "width", fl_value_new_int(APP_WIDTH));
    fl_value_set_string_take(rectangle, "height", fl_value_new_int(APP_HEIGHT));
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "handle", fl_value_new_int(app->player_handle));
    fl_value_set_string_take(arguments, "id", fl_value_new_int(texture));
    fl_value_set_string_take(arguments, "rect", rectangle);
    fl_method_channel_invoke_method(app->player, "VideoOutput.Resize", arguments, NULL, NULL, NULL);
    fl_value_unref(arguments);
}

static bool has_asked(void *app) {
    return ((App *)app)->player_handle != 0;
}

static void load_plugin(FlView *view, const char *bundle, const char *library, const char *prefix, const char *name) {
    g_autofree gchar *path = g_build_filename(bundle, "lib", library, NULL);
    g_autofree gchar *entry = g_strconcat(prefix, "_register_with_registrar", NULL);
    void *plugin = dlopen(path, RTLD_NOW);
    if (plugin == NULL) fail(dlerror());
    void (*register_plugin)(FlPluginRegistrar *) = (void (*)(FlPluginRegistrar *))dlsym(plugin, entry);
    if (register_plugin == NULL) fail(dlerror());
    register_plugin(fl_plugin_registry_get_registrar_for_plugin((FlPluginRegistry *)view, name));
}

static void on_player_call(FlMethodChannel *channel, FlMethodCall *call, gpointer user_data) {
    (void)channel;
    App *app = user_data;
    if (g_str_equal(fl_method_call_get_name(call), "VideoOutputManager.Create")) {
        FlValue *handle = fl_value_lookup_string(fl_method_call_get_args(call), "handle");
        app->player_handle = g_ascii_strtoll(fl_value_get_string(handle), NULL, 10);
    }
    fl_method_call_respond_success(call, NULL, NULL);
}
