// Stand-in for the Flutter engine's header of this name: what the plugin uses of it, declared as the engine does
// (engine/src/flutter/shell/platform/linux/public/flutter_linux, Flutter 3.41), and no more. scripts/check-glue compiles the
// plugin with it and links the result with a real engine.
#ifndef FLUTTER_LINUX_STUB_H_
#define FLUTTER_LINUX_STUB_H_

#include <gio/gio.h>
#include <glib-object.h>
#include <stdint.h>

G_BEGIN_DECLS

// fl_value.h
typedef struct _FlValue FlValue;

typedef enum {
  FL_VALUE_TYPE_NULL,
  FL_VALUE_TYPE_BOOL,
  FL_VALUE_TYPE_INT,
  FL_VALUE_TYPE_FLOAT,
  FL_VALUE_TYPE_STRING,
  FL_VALUE_TYPE_UINT8_LIST,
  FL_VALUE_TYPE_INT32_LIST,
  FL_VALUE_TYPE_INT64_LIST,
  FL_VALUE_TYPE_FLOAT_LIST,
  FL_VALUE_TYPE_LIST,
  FL_VALUE_TYPE_MAP,
  FL_VALUE_TYPE_FLOAT32_LIST,
} FlValueType;

FlValue* fl_value_new_int(int64_t value);
FlValue* fl_value_new_string(const gchar* value);
void fl_value_unref(FlValue* value);
FlValueType fl_value_get_type(FlValue* value);
int64_t fl_value_get_int(FlValue* value);
FlValue* fl_value_lookup_string(FlValue* value, const gchar* key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlValue, fl_value_unref)

// fl_texture.h, fl_pixel_buffer_texture.h
G_DECLARE_INTERFACE(FlTexture, fl_texture, FL, TEXTURE, GObject)

int64_t fl_texture_get_id(FlTexture* texture);

G_DECLARE_DERIVABLE_TYPE(FlPixelBufferTexture, fl_pixel_buffer_texture, FL, PIXEL_BUFFER_TEXTURE, GObject)

struct _FlPixelBufferTextureClass {
  GObjectClass parent_class;
  gboolean (*copy_pixels)(FlPixelBufferTexture* texture, const uint8_t** buffer, uint32_t* width, uint32_t* height,
                          GError** error);
};

// fl_texture_registrar.h
G_DECLARE_INTERFACE(FlTextureRegistrar, fl_texture_registrar, FL, TEXTURE_REGISTRAR, GObject)

gboolean fl_texture_registrar_register_texture(FlTextureRegistrar* registrar, FlTexture* texture);
gboolean fl_texture_registrar_mark_texture_frame_available(FlTextureRegistrar* registrar, FlTexture* texture);
gboolean fl_texture_registrar_unregister_texture(FlTextureRegistrar* registrar, FlTexture* texture);

// fl_binary_messenger.h
G_DECLARE_INTERFACE(FlBinaryMessenger, fl_binary_messenger, FL, BINARY_MESSENGER, GObject)

// fl_plugin_registrar.h
G_DECLARE_INTERFACE(FlPluginRegistrar, fl_plugin_registrar, FL, PLUGIN_REGISTRAR, GObject)

FlBinaryMessenger* fl_plugin_registrar_get_messenger(FlPluginRegistrar* registrar);
FlTextureRegistrar* fl_plugin_registrar_get_texture_registrar(FlPluginRegistrar* registrar);

// fl_method_codec.h, fl_standard_method_codec.h
G_DECLARE_DERIVABLE_TYPE(FlMethodCodec, fl_method_codec, FL, METHOD_CODEC, GObject)

struct _FlMethodCodecClass {
  GObjectClass parent_class;
};

G_DECLARE_FINAL_TYPE(FlStandardMethodCodec, fl_standard_method_codec, FL, STANDARD_METHOD_CODEC, FlMethodCodec)

FlStandardMethodCodec* fl_standard_method_codec_new();

// fl_method_response.h
G_DECLARE_DERIVABLE_TYPE(FlMethodResponse, fl_method_response, FL, METHOD_RESPONSE, GObject)

struct _FlMethodResponseClass {
  GObjectClass parent_class;
};

G_DECLARE_FINAL_TYPE(FlMethodSuccessResponse, fl_method_success_response, FL, METHOD_SUCCESS_RESPONSE, FlMethodResponse)
G_DECLARE_FINAL_TYPE(FlMethodErrorResponse, fl_method_error_response, FL, METHOD_ERROR_RESPONSE, FlMethodResponse)
G_DECLARE_FINAL_TYPE(FlMethodNotImplementedResponse, fl_method_not_implemented_response, FL,
                     METHOD_NOT_IMPLEMENTED_RESPONSE, FlMethodResponse)

FlMethodSuccessResponse* fl_method_success_response_new(FlValue* result);
FlMethodErrorResponse* fl_method_error_response_new(const gchar* code, const gchar* message, FlValue* details);
FlMethodNotImplementedResponse* fl_method_not_implemented_response_new();

// fl_method_call.h
G_DECLARE_FINAL_TYPE(FlMethodCall, fl_method_call, FL, METHOD_CALL, GObject)

const gchar* fl_method_call_get_name(FlMethodCall* method_call);
FlValue* fl_method_call_get_args(FlMethodCall* method_call);
gboolean fl_method_call_respond(FlMethodCall* method_call, FlMethodResponse* response, GError** error);

// fl_method_channel.h
G_DECLARE_FINAL_TYPE(FlMethodChannel, fl_method_channel, FL, METHOD_CHANNEL, GObject)

typedef void (*FlMethodChannelMethodCallHandler)(FlMethodChannel* channel, FlMethodCall* method_call,
                                                 gpointer user_data);

FlMethodChannel* fl_method_channel_new(FlBinaryMessenger* messenger, const gchar* name, FlMethodCodec* codec);
void fl_method_channel_set_method_call_handler(FlMethodChannel* channel, FlMethodChannelMethodCallHandler handler,
                                               gpointer user_data, GDestroyNotify destroy_notify);

G_END_DECLS

#endif  // FLUTTER_LINUX_STUB_H_
