#include "include/printcam/printcam_plugin.h"

#include <gio/gio.h>

#include <cstring>

#include "printcam_texture.h"

// The code of every error on the channel; Dart tells them apart by their sentence only.
static const char kErrorCode[] = "texture";

struct _PrintcamPlugin {
  GObject parent_instance;
  FlTextureRegistrar* registrar;
  // int64_t* (the id that Dart knows) to PrintcamTexture*.
  GHashTable* textures;
};

G_DEFINE_TYPE(PrintcamPlugin, printcam_plugin, g_object_get_type())

static FlMethodResponse* success(FlValue* value) {
  return FL_METHOD_RESPONSE(fl_method_success_response_new(value));
}

static FlMethodResponse* failure(const char* sentence) {
  return FL_METHOD_RESPONSE(fl_method_error_response_new(kErrorCode, sentence, nullptr));
}

static FlMethodResponse* failure_of_status(int32_t status) {
  switch (status) {
    case kPrintcamOk:
      return failure("The Flutter engine did not register the texture.");
    case kPrintcamStaleHandle:
      return failure("The stream has ended.");
    case kPrintcamUnsupported:
      return failure("The printcam library was built without textures for this platform.");
    default: {
      g_autofree gchar* sentence = g_strdup_printf("The printcam library refused the texture (status %d).", status);
      return failure(sentence);
    }
  }
}

// Whether the arguments are a map with such a number, which then is in `*number`.
static gboolean lookup_number(FlValue* arguments, const char* name, int64_t* number) {
  if (arguments == nullptr || fl_value_get_type(arguments) != FL_VALUE_TYPE_MAP) {
    return FALSE;
  }
  FlValue* value = fl_value_lookup_string(arguments, name);
  if (value == nullptr || fl_value_get_type(value) != FL_VALUE_TYPE_INT) {
    return FALSE;
  }
  *number = fl_value_get_int(value);
  return TRUE;
}

static FlMethodResponse* create_texture(PrintcamPlugin* self, FlValue* arguments) {
  int64_t stream = 0;
  int64_t address = 0;
  if (!lookup_number(arguments, "stream", &stream) || !lookup_number(arguments, "api", &address) || address == 0) {
    return failure("create needs the numbers stream and api.");
  }
  const PrintcamTextureApi* api = reinterpret_cast<const PrintcamTextureApi*>(static_cast<uintptr_t>(address));
  if (api->abi_version != PRINTCAM_TEXTURE_ABI_VERSION) {
    return failure("The printcam library and this plugin are of different versions; rebuild the app.");
  }
  int32_t status = kPrintcamOk;
  PrintcamTexture* texture = printcam_texture_new(self->registrar, api, static_cast<uint64_t>(stream), &status);
  if (texture == nullptr) {
    return failure_of_status(status);
  }
  int64_t id = fl_texture_get_id(FL_TEXTURE(texture));
  int64_t* key = g_new(int64_t, 1);
  *key = id;
  g_hash_table_insert(self->textures, key, texture);
  g_autoptr(FlValue) result = fl_value_new_int(id);
  return success(result);
}

// A texture that is gone already is no error: dispose may come twice.
static FlMethodResponse* dispose_texture(PrintcamPlugin* self, FlValue* arguments) {
  int64_t id = 0;
  if (!lookup_number(arguments, "texture", &id)) {
    return failure("dispose needs the number texture.");
  }
  gpointer texture = g_hash_table_lookup(self->textures, &id);
  if (texture != nullptr) {
    printcam_texture_close(PRINTCAM_TEXTURE(texture));
    g_hash_table_remove(self->textures, &id);
  }
  return success(nullptr);
}

// The app's directory below XDG_DATA_HOME, which is made if it is missing; null where the app has no name or it cannot be
// made.
static FlMethodResponse* storage_directory() {
  GApplication* application = g_application_get_default();
  const gchar* name = application == nullptr ? nullptr : g_application_get_application_id(application);
  if (name == nullptr) {
    name = g_get_prgname();
  }
  if (name == nullptr) {
    return success(nullptr);
  }
  g_autofree gchar* directory = g_build_filename(g_get_user_data_dir(), name, nullptr);
  if (g_mkdir_with_parents(directory, 0700) != 0) {
    return success(nullptr);
  }
  // File names need not be UTF-8, strings on the channel must.
  if (!g_utf8_validate(directory, -1, nullptr)) {
    return success(nullptr);
  }
  g_autoptr(FlValue) result = fl_value_new_string(directory);
  return success(result);
}

static void handle_method_call(FlMethodChannel* channel, FlMethodCall* call, gpointer user_data) {
  (void)channel;
  PrintcamPlugin* self = PRINTCAM_PLUGIN(user_data);
  const gchar* method = fl_method_call_get_name(call);
  FlValue* arguments = fl_method_call_get_args(call);
  g_autoptr(FlMethodResponse) response = nullptr;
  if (strcmp(method, "create") == 0) {
    response = create_texture(self, arguments);
  } else if (strcmp(method, "dispose") == 0) {
    response = dispose_texture(self, arguments);
  } else if (strcmp(method, "storageDirectory") == 0) {
    response = storage_directory();
  } else {
    response = FL_METHOD_RESPONSE(fl_method_not_implemented_response_new());
  }
  g_autoptr(GError) error = nullptr;
  if (!fl_method_call_respond(call, response, &error)) {
    g_warning("printcam: the answer to %s was not sent: %s", method, error->message);
  }
}

// The last reference goes with the channel, after the engine's threads have ended.
static void printcam_plugin_dispose(GObject* object) {
  PrintcamPlugin* self = PRINTCAM_PLUGIN(object);
  if (self->textures != nullptr) {
    GHashTableIter iterator;
    gpointer texture;
    g_hash_table_iter_init(&iterator, self->textures);
    while (g_hash_table_iter_next(&iterator, nullptr, &texture)) {
      printcam_texture_abandon(PRINTCAM_TEXTURE(texture));
    }
  }
  g_clear_pointer(&self->textures, g_hash_table_unref);
  g_clear_object(&self->registrar);
  G_OBJECT_CLASS(printcam_plugin_parent_class)->dispose(object);
}

static void printcam_plugin_class_init(PrintcamPluginClass* klass) {
  G_OBJECT_CLASS(klass)->dispose = printcam_plugin_dispose;
}

static void printcam_plugin_init(PrintcamPlugin* self) {
  self->textures = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_object_unref);
}

void printcam_plugin_register_with_registrar(FlPluginRegistrar* registrar) {
  g_autoptr(PrintcamPlugin) self = PRINTCAM_PLUGIN(g_object_new(printcam_plugin_get_type(), nullptr));
  self->registrar = FL_TEXTURE_REGISTRAR(g_object_ref(fl_plugin_registrar_get_texture_registrar(registrar)));

  g_autoptr(FlStandardMethodCodec) codec = fl_standard_method_codec_new();
  // The messenger keeps the channel, the channel keeps the plugin.
  g_autoptr(FlMethodChannel) channel = fl_method_channel_new(fl_plugin_registrar_get_messenger(registrar),
                                                             "printcam/textures", FL_METHOD_CODEC(codec));
  fl_method_channel_set_method_call_handler(channel, handle_method_call, g_object_ref(self), g_object_unref);
}
