#include "plugin.h"

#include "dart_side.h"
#include "expect.h"

void printcam_plugin_register_with_registrar(FlPluginRegistrar *registrar);

static FlValue *call(Plugin *plugin, const char *method, FlValue *arguments);

Plugin *plugin_register(App *app) {
    FlPluginRegistrar *registrar = dart_side_new(app_view(app), app_textures(app));
    printcam_plugin_register_with_registrar(registrar);
    return (Plugin *)registrar;
}

int64_t plugin_create(Plugin *plugin, uint64_t stream, const void *api) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "stream", fl_value_new_int((int64_t)stream));
    fl_value_set_string_take(arguments, "api", fl_value_new_int((int64_t)(intptr_t)api));
    FlValue *answer = call(plugin, "create", arguments);
    int64_t texture = fl_value_get_int(answer);
    fl_value_unref(answer);
    return texture;
}

void plugin_dispose(Plugin *plugin, int64_t texture) {
    FlValue *arguments = fl_value_new_map();
    fl_value_set_string_take(arguments, "texture", fl_value_new_int(texture));
    fl_value_unref(call(plugin, "dispose", arguments));
}

static FlValue *call(Plugin *plugin, const char *method, FlValue *arguments) {
    g_autoptr(GError) error = NULL;
    FlValue *answer = dart_side_call((FlPluginRegistrar *)plugin, "printcam/textures", method, arguments, &error);
    if (answer == NULL) fail(error->message);
    return answer;
}
