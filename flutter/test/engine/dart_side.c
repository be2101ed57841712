/* One object is both registrar and messenger. Calls and answers go through the real engine's codec, as bytes. */
#include "dart_side.h"

#include "expect.h"

typedef struct {
    GObject parent_instance;
    FlView *view;
    FlTextureRegistrar *textures;
    gchar *channel; /* the one that the plugin listens on */
    FlBinaryMessengerMessageHandler handler;
    gpointer user_data;
} DartSide;
typedef GObjectClass DartSideClass;

typedef struct {
    FlBinaryMessengerResponseHandle parent_instance;
    GBytes *response;
} Answer;
typedef FlBinaryMessengerResponseHandleClass AnswerClass;

static void as_registrar(gpointer iface, gpointer data);
static void as_messenger(gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE(DartSide, dart_side, G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(fl_plugin_registrar_get_type(), as_registrar)
                            G_IMPLEMENT_INTERFACE(fl_binary_messenger_get_type(), as_messenger))
G_DEFINE_TYPE(Answer, answer, fl_binary_messenger_response_handle_get_type())

FlPluginRegistrar *dart_side_new(FlView *view, FlTextureRegistrar *textures) {
    DartSide *side = g_object_new(dart_side_get_type(), NULL);
    side->view = view;
    side->textures = textures;
    return (FlPluginRegistrar *)side;
}

FlValue *dart_side_call(FlPluginRegistrar *registrar, const char *channel, const char *method, FlValue *arguments,
                        GError **error) {
    DartSide *side = (DartSide *)registrar;
    if (side->handler == NULL || !g_str_equal(side->channel, channel)) fail("the plugin does not listen");
    g_autoptr(GObject) codec = (GObject *)fl_standard_method_codec_new();
    FlMethodCodecClass *codec_class = (FlMethodCodecClass *)G_OBJECT_GET_CLASS(codec);
    g_autoptr(GBytes) message = codec_class->encode_method_call((FlMethodCodec *)codec, method, arguments, error);
    fl_value_unref(arguments);
    if (message == NULL) return NULL;
    g_autoptr(GObject) handle = g_object_new(answer_get_type(), NULL);
    side->handler((FlBinaryMessenger *)side, channel, message, (FlBinaryMessengerResponseHandle *)handle,
                  side->user_data);
    Answer *answer = (Answer *)handle;
    while (answer->response == NULL) g_main_context_iteration(NULL, TRUE);
    g_autoptr(GObject) response =
        (GObject *)codec_class->decode_response((FlMethodCodec *)codec, answer->response, error);
    if (response == NULL) return NULL;
    FlValue *result = fl_method_response_get_result((FlMethodResponse *)response, error);
    return result == NULL ? NULL : fl_value_ref(result);
}

static FlBinaryMessenger *messenger_of(FlPluginRegistrar *registrar) {
    return (FlBinaryMessenger *)registrar;
}

static FlTextureRegistrar *textures_of(FlPluginRegistrar *registrar) {
    return ((DartSide *)registrar)->textures;
}

static FlView *view_of(FlPluginRegistrar *registrar) {
    return ((DartSide *)registrar)->view;
}

static void as_registrar(gpointer iface, gpointer data) {
    (void)data;
    FlPluginRegistrarInterface *registrar = iface;
    registrar->get_messenger = messenger_of;
    registrar->get_texture_registrar = textures_of;
    registrar->get_view = view_of;
}

static void set_handler(FlBinaryMessenger *messenger, const gchar *channel, FlBinaryMessengerMessageHandler handler,
                        gpointer user_data, GDestroyNotify destroy_notify) {
    (void)destroy_notify; /* The plugin stays until this program ends. */
    DartSide *side = (DartSide *)messenger;
    g_free(side->channel);
    side->channel = g_strdup(channel);
    side->handler = handler;
    side->user_data = user_data;
}

static gboolean take_response(FlBinaryMessenger *messenger, FlBinaryMessengerResponseHandle *handle, GBytes *response,
                              GError **error) {
    (void)messenger;
    (void)error;
    ((Answer *)handle)->response = response == NULL ? g_bytes_new(NULL, 0) : g_bytes_ref(response);
    return TRUE;
}

/* The plugin only answers; what it would call for other things is absent, so that a new use shows as a crash here. */
static void as_messenger(gpointer iface, gpointer data) {
    (void)data;
    FlBinaryMessengerInterface *messenger = iface;
    messenger->set_message_handler_on_channel = set_handler;
    messenger->send_response = take_response;
}

static void dart_side_class_init(DartSideClass *class) {
    (void)class;
}

static void dart_side_init(DartSide *side) {
    (void)side;
}

static void answer_dispose(GObject *object) {
    g_clear_pointer(&((Answer *)object)->response, g_bytes_unref);
    G_OBJECT_CLASS(answer_parent_class)->dispose(object);
}

static void answer_class_init(AnswerClass *class) {
    G_OBJECT_CLASS(class)->dispose = answer_dispose;
}

static void answer_init(Answer *answer) {
    (void)answer;
}
