#include "plugin.h"

#include <stdio.h>

#include "dart_side.h"
#include "expect.h"

void printcam_plugin_register_with_registrar(FlPluginRegistrar *registrar);

static FlValue *call(Plugin *plugin, const char *method, FlValue *arguments, GError **error);
static FlValue *create(Plugin *plugin, uint64_t stream, const void *api, GError **error);

Plugin *plugin_register(App *app) {
    FlPluginRegistrar *registrar = dart_side_new(app_view(app), app_textures(app));
    printcam_plugin_register_with_registrar(registrar);
    return (Plugin *)registrar;
}

int64_t plugin_create(Plugin *plugin, uint64_t stream, const void *api) {
    g_autoptr(GError) error = NULL;
    FlValue *answer = create(plugin, stream, api, &error);
    if (answer == NULL) fail(error->message);
    int64_t texture = fl_value_get_int(answer);
    fl_value_unref(answer);
    return texture;
}

void plugin_refuses(Plugin *plugin, uint64_t stream, const void *api) {
    g_autoptr(GError) error = NULL;
    if (create(plugin, stream, api, &error) != NULL) fail("the plugin makes a texture that it has to refuse");
    printf("refused: %s\n", error->message);
}

void plugin_dispose(Plugin *plugin, int64_t texture) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "texture", fl_value_new_int(texture));
    g_autoptr(GError) error = NULL;
    FlValue *answer = call(plugin, "dispose", arguments, &error);
    if (answer == NULL) fail(error->message);
    fl_value_unref(answer);
}

static FlValue *create(Plugin *plugin, uint64_t stream, const void *api, GError **error) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "stream", fl_value_new_int((int64_t)stream));
    fl_value_set_string_take(arguments, "api", fl_value_new_int((int64_t)(intptr_t)api));
    return call(plugin, "create", arguments, error);
}

static FlValue *call(Plugin *plugin, const char *method, FlValue *arguments, GError **error) {
    return dart_side_call((FlPluginRegistrar *)plugin, "printcam/textures", method, arguments, error);
}
