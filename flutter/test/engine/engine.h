/* What this test uses of libflutter_linux_gtk.so, declared here because the engine comes without its headers. The names
 * and types are those of the public headers of Flutter's engine, shell/platform/linux/public/flutter_linux. */
#ifndef PRINTCAM_TEST_ENGINE_H
#define PRINTCAM_TEST_ENGINE_H

#include <gtk/gtk.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct _FlBinaryMessenger FlBinaryMessenger;
typedef struct _FlDartProject FlDartProject;
typedef struct _FlEngine FlEngine;
typedef struct _FlMethodCall FlMethodCall;
typedef struct _FlMethodChannel FlMethodChannel;
typedef struct _FlMethodCodec FlMethodCodec;
typedef struct _FlMethodResponse FlMethodResponse;
typedef struct _FlPluginRegistrar FlPluginRegistrar;
typedef struct _FlPluginRegistry FlPluginRegistry;
typedef struct _FlTextureRegistrar FlTextureRegistrar;
typedef struct _FlValue FlValue;
typedef struct _FlView FlView;

/* The engine and its window. */
FlDartProject *fl_dart_project_new(void);
void fl_dart_project_set_aot_library_path(FlDartProject *project, const gchar *path);
void fl_dart_project_set_assets_path(FlDartProject *project, gchar *path);
void fl_dart_project_set_icu_data_path(FlDartProject *project, gchar *path);
void fl_dart_project_set_dart_entrypoint_arguments(FlDartProject *project, char **arguments);
FlView *fl_view_new(FlDartProject *project);
FlEngine *fl_view_get_engine(FlView *view);
FlBinaryMessenger *fl_engine_get_binary_messenger(FlEngine *engine);
FlTextureRegistrar *fl_engine_get_texture_registrar(FlEngine *engine);

/* Values as they travel over channels. */
FlValue *fl_value_new_int(int64_t value);
FlValue *fl_value_new_map(void);
void fl_value_set_string_take(FlValue *map, const gchar *key, FlValue *value);
FlValue *fl_value_lookup_string(FlValue *map, const gchar *key);
int64_t fl_value_get_int(FlValue *value);
const gchar *fl_value_get_string(FlValue *value);
FlValue *fl_value_ref(FlValue *value);
void fl_value_unref(FlValue *value);

/* Channels. */
typedef void (*FlMethodChannelMethodCallHandler)(FlMethodChannel *channel, FlMethodCall *call, gpointer user_data);
FlMethodChannel *fl_method_channel_new(FlBinaryMessenger *messenger, const gchar *name, FlMethodCodec *codec);
void fl_method_channel_set_method_call_handler(FlMethodChannel *channel, FlMethodChannelMethodCallHandler handler,
                                               gpointer user_data, GDestroyNotify destroy_notify);
void fl_method_channel_invoke_method(FlMethodChannel *channel, const gchar *method, FlValue *args,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
const gchar *fl_method_call_get_name(FlMethodCall *call);
FlValue *fl_method_call_get_args(FlMethodCall *call);
gboolean fl_method_call_respond_success(FlMethodCall *call, FlValue *result, GError **error);
FlValue *fl_method_response_get_result(FlMethodResponse *response, GError **error);

FlMethodCodec *fl_standard_method_codec_new(void);
typedef struct {
    GObjectClass parent_class;
    GBytes *(*encode_method_call)(FlMethodCodec *codec, const gchar *name, FlValue *args, GError **error);
    gboolean (*decode_method_call)(FlMethodCodec *codec, GBytes *message, gchar **name, FlValue **args, GError **error);
    GBytes *(*encode_success_envelope)(FlMethodCodec *codec, FlValue *result, GError **error);
    GBytes *(*encode_error_envelope)(FlMethodCodec *codec, const gchar *code, const gchar *message, FlValue *details,
                                     GError **error);
    FlMethodResponse *(*decode_response)(FlMethodCodec *codec, GBytes *message, GError **error);
} FlMethodCodecClass;

/* What a plugin is registered with. */
FlPluginRegistrar *fl_plugin_registry_get_registrar_for_plugin(FlPluginRegistry *registry, const gchar *name);
GType fl_plugin_registrar_get_type(void);
typedef struct {
    GTypeInterface parent_iface;
    FlBinaryMessenger *(*get_messenger)(FlPluginRegistrar *registrar);
    FlTextureRegistrar *(*get_texture_registrar)(FlPluginRegistrar *registrar);
    FlView *(*get_view)(FlPluginRegistrar *registrar);
} FlPluginRegistrarInterface;

typedef struct {
    GObject parent_instance;
} FlBinaryMessengerResponseHandle;
typedef struct {
    GObjectClass parent_class;
} FlBinaryMessengerResponseHandleClass;
GType fl_binary_messenger_response_handle_get_type(void);

typedef void (*FlBinaryMessengerMessageHandler)(FlBinaryMessenger *messenger, const gchar *channel, GBytes *message,
                                                FlBinaryMessengerResponseHandle *response_handle, gpointer user_data);
GType fl_binary_messenger_get_type(void);
typedef struct {
    GTypeInterface parent_iface;
    void (*set_message_handler_on_channel)(FlBinaryMessenger *messenger, const gchar *channel,
                                           FlBinaryMessengerMessageHandler handler, gpointer user_data,
                                           GDestroyNotify destroy_notify);
    gboolean (*send_response)(FlBinaryMessenger *messenger, FlBinaryMessengerResponseHandle *response_handle,
                              GBytes *response, GError **error);
    void (*send_on_channel)(FlBinaryMessenger *messenger, const gchar *channel, GBytes *message,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
    GBytes *(*send_on_channel_finish)(FlBinaryMessenger *messenger, GAsyncResult *result, GError **error);
    void (*resize_channel)(FlBinaryMessenger *messenger, const gchar *channel, int64_t new_size);
    void (*set_warns_on_channel_overflow)(FlBinaryMessenger *messenger, const gchar *channel, bool warns);
    void (*shutdown)(FlBinaryMessenger *messenger);
} FlBinaryMessengerInterface;

#endif
