/* printcam.h - printcam for C, C++ and whatever else calls C. Made from the library's source; do not edit. */

#ifndef PRINTCAM_H
#define PRINTCAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The version of this interface. It changes where a program that was compiled for another would go wrong.
 */
#define PRINTCAM_ABI_VERSION 1

/**
 * What a call says about itself: misuse only. What goes wrong with cameras comes as events.
 */
enum PrintcamStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done, or begun.
     */
    PRINTCAM_OK = 0,
    /**
     * A pointer is null, or a value out of range.
     */
    PRINTCAM_INVALID_ARGUMENT = 1,
    /**
     * A text is not UTF-8.
     */
    PRINTCAM_NOT_UTF8 = 2,
    /**
     * The handle is over, was never given out, or is of another kind.
     */
    PRINTCAM_STALE_HANDLE = 3,
    /**
     * Not on this platform.
     */
    PRINTCAM_UNSUPPORTED = 4,
    /**
     * The texture has no picture yet.
     */
    PRINTCAM_NO_PICTURE = 5,
    /**
     * A mistake in the library. What was asked for may have happened in part.
     */
    PRINTCAM_PANICKED = 6,
    /**
     * As many handles are in use as may be.
     */
    PRINTCAM_TOO_MANY = 7,
    /**
     * What was waited for did not come in time.
     */
    PRINTCAM_TIMED_OUT = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum PrintcamStatus PrintcamStatus;
#else
typedef int32_t PrintcamStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an event tells.
 */
enum PrintcamEventKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * On its way to the first picture. The first event of each stream.
     */
    PRINTCAM_EVENT_CONNECTING = 1,
    /**
     * Media comes.
     */
    PRINTCAM_EVENT_PLAYING = 2,
    /**
     * A picture was handed to a texture. Only where asked for, with `printcam_stream_frame_events`; whoever is slow to
     * take these is told of the newest.
     */
    PRINTCAM_EVENT_FRAME = 3,
    /**
     * The session stands, and no media comes.
     */
    PRINTCAM_EVENT_STALLED = 4,
    /**
     * Between two sessions; with the error that caused it, if one did.
     */
    PRINTCAM_EVENT_RECONNECTING = 5,
    /**
     * Pictures have another size from now on; also told with the first one.
     */
    PRINTCAM_EVENT_RESIZED = 6,
    /**
     * Five attempts in a row have failed. It goes on trying.
     */
    PRINTCAM_EVENT_TROUBLE = 7,
    /**
     * Trying again would not help, or was not wanted: with the error. The stream is over; stopping it gives its handle
     * back.
     */
    PRINTCAM_EVENT_FAILED = 8,
    /**
     * It ended without anybody here asking.
     */
    PRINTCAM_EVENT_STOPPED = 9,
    /**
     * The answer to a request: data, or an error, or neither: the camera has let go.
     */
    PRINTCAM_EVENT_ANSWER = 10,
    /**
     * Each second, for each stream: there are new statistics.
     */
    PRINTCAM_EVENT_TICK = 11,
    /**
     * Nobody watches, and the camera was given back.
     */
    PRINTCAM_EVENT_IDLE = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum PrintcamEventKind PrintcamEventKind;
#else
typedef uint32_t PrintcamEventKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What went wrong, by the names that are the same in Rust, C and Dart.
 */
enum PrintcamErrorCode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing.
     */
    PRINTCAM_ERROR_NONE = 0,
    /**
     * Nobody there, no TLS, not RTSP, or an address that cannot be used.
     */
    PRINTCAM_ERROR_CONNECTION_FAILED = 1,
    /**
     * The access code is wrong or missing.
     */
    PRINTCAM_ERROR_AUTHENTICATION_FAILED = 2,
    /**
     * Too long without what was waited for.
     */
    PRINTCAM_ERROR_TIMEOUT = 3,
    /**
     * The camera answers and offers no video that can be shown.
     */
    PRINTCAM_ERROR_NO_VIDEO_TRACK = 4,
    /**
     * The picture cannot be decoded.
     */
    PRINTCAM_ERROR_DECODER_ERROR = 5,
    /**
     * As many streams run as may.
     */
    PRINTCAM_ERROR_TOO_MANY_STREAMS = 6,
    /**
     * Whoever answers is not the printer that was expected.
     */
    PRINTCAM_ERROR_CERTIFICATE_CHANGED = 7,
    /**
     * The port on which live view would be is closed.
     */
    PRINTCAM_ERROR_LIVE_VIEW_DISABLED = 8,
    /**
     * The camera serves somebody else.
     */
    PRINTCAM_ERROR_CAMERA_BUSY = 9,
    /**
     * TCP works, the camera service behind it does not.
     */
    PRINTCAM_ERROR_CAMERA_HUNG = 10,
    /**
     * The stream was stopped before it came to that.
     */
    PRINTCAM_ERROR_STOPPED = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum PrintcamErrorCode PrintcamErrorCode;
#else
typedef uint32_t PrintcamErrorCode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * UTF-8 text, not NUL-terminated, borrowed: for the time of the call, or of the callback. Null and 0 is empty.
 */
typedef struct PrintcamText {
    /**
     * The first byte.
     */
    const uint8_t *data;
    /**
     * How many bytes.
     */
    uintptr_t len;
} PrintcamText;

/**
 * Bytes owned by whoever got them, and given back with `printcam_buffer_free`.
 */
typedef struct PrintcamBuffer {
    /**
     * The first byte; null if there are none.
     */
    uint8_t *data;
    /**
     * How many bytes.
     */
    uintptr_t len;
    /**
     * How many were allocated.
     */
    uintptr_t capacity;
} PrintcamBuffer;

/**
 * Called with each record: 1 error, 2 warning, 3 info, 4 debug, 5 trace; the part of the library that speaks ("rtsp",
 * "rtp", "rtcp", "decode", ...); and a line of text. From any thread, and from within the library: of its functions it
 * may call `printcam_log` only.
 */
typedef void (*PrintcamLogCallback)(void *user,
                                    uint32_t level,
                                    struct PrintcamText component,
                                    struct PrintcamText message);

/**
 * A camera being watched.
 */
typedef uint64_t PrintcamStream;

/**
 * Something asked for, until it is answered.
 */
typedef uint64_t PrintcamRequest;

/**
 * One event. It and its texts are borrowed for the time of the callback; `data` is the receiver's.
 */
typedef struct PrintcamEvent {
    /**
     * `PrintcamEventKind`.
     */
    uint32_t kind;
    /**
     * `PrintcamErrorCode`.
     */
    uint32_t error;
    /**
     * Which stream; 0: none.
     */
    PrintcamStream stream;
    /**
     * Which request it answers; 0: none.
     */
    PrintcamRequest request;
    /**
     * In samples, of `PRINTCAM_EVENT_RESIZED` and `PRINTCAM_EVENT_FRAME`.
     */
    uint32_t width;
    /**
     * In samples, of `PRINTCAM_EVENT_RESIZED` and `PRINTCAM_EVENT_FRAME`.
     */
    uint32_t height;
    /**
     * When, in milliseconds of Unix time.
     */
    int64_t timestamp_ms;
    /**
     * The error's name, as "certificateChanged", or the reason of a change of state, as "noMedia".
     */
    struct PrintcamText detail;
    /**
     * What went wrong, in one sentence.
     */
    struct PrintcamText message;
    /**
     * The next step a person can take; may be empty.
     */
    struct PrintcamText hint;
    /**
     * A JPEG, to be given back with `printcam_buffer_free`.
     */
    struct PrintcamBuffer data;
} PrintcamEvent;

/**
 * Called with each event, from the library's threads; those of one stream come in order, those of several streams may
 * come at the same time. It may call the library.
 */
typedef void (*PrintcamCallback)(void *user, const struct PrintcamEvent *event);

/**
 * Owns streams and requests.
 */
typedef uint64_t PrintcamManager;

/**
 * How a camera is watched. Zeroed memory is what suits every printer.
 */
typedef struct PrintcamOptions {
    /**
     * How media travels: 0 as works best, 1 TCP, 2 UDP.
     */
    uint32_t transport;
    /**
     * Whom to believe to be the printer: 0 the key seen first, 1 the key of this pin, 2 a certificate of this
     * authority, 3 anybody.
     */
    uint32_t trust;
    /**
     * Under 0 the path of the file of known printers; empty: the platform's place, or memory where there is none. Under
     * 1 "sha256:" and 64 hex digits. Under 2 certificates as PEM.
     */
    struct PrintcamText trust_data;
    /**
     * The printer's serial number, if known: the name under which its key is kept, and what its certificate has to say.
     */
    struct PrintcamText serial;
    /**
     * The printer's model code, if known.
     */
    struct PrintcamText model;
    /**
     * How far pictures stay behind, in milliseconds: 0 as suits the transport, UINT32_MAX not at all.
     */
    uint32_t latency_ms;
    /**
     * Not 0: the first error is the end.
     */
    uint8_t no_reconnect;
    /**
     * Not 0: TLS 1.3 is offered too.
     */
    uint8_t tls13;
} PrintcamOptions;

/**
 * What was counted of a stream since it was started, or since the camera was first watched if it was before.
 */
typedef struct PrintcamStatistics {
    /**
     * 0 connecting, 1 playing, 2 stalled, 3 reconnecting, 4 failed, 5 idle, 6 stopped.
     */
    uint32_t state;
    /**
     * 0 none yet, 1 TCP, 2 UDP.
     */
    uint32_t transport;
    /**
     * Video of the last whole second, in bits.
     */
    double bitrate;
    /**
     * Pictures received in the last whole second.
     */
    double pictures_per_second;
    /**
     * Interarrival jitter (RFC 3550 §6.4.1).
     */
    double jitter_ms;
    /**
     * From the start to the first picture; below 0: none yet.
     */
    double time_to_first_picture_ms;
    /**
     * Between the last two key frames; below 0: not known yet.
     */
    double key_frame_interval_ms;
    /**
     * How long decoding a picture takes, on average; 0: none was.
     */
    double decode_ms;
    /**
     * RTP packets received.
     */
    uint64_t packets;
    /**
     * Bytes of these.
     */
    uint64_t bytes;
    /**
     * RTP packets that never came.
     */
    uint64_t lost;
    /**
     * RTP packets that came too late to be of use.
     */
    uint64_t late;
    /**
     * RTP packets that came twice.
     */
    uint64_t duplicate;
    /**
     * RTP packets, or their contents, thrown away.
     */
    uint64_t discarded;
    /**
     * Receiver reports sent.
     */
    uint64_t receiver_reports;
    /**
     * Times without media.
     */
    uint64_t stalls;
    /**
     * Sessions that came to pictures.
     */
    uint64_t sessions;
    /**
     * How often it was brought up again.
     */
    uint64_t reconnects;
    /**
     * Pictures decoded.
     */
    uint64_t pictures_decoded;
    /**
     * Pictures handed to this stream's textures.
     */
    uint64_t pictures_shown;
} PrintcamStatistics;

/**
 * Called when there is a new picture, from a thread of the library's; and not again before that one has been taken.
 */
typedef void (*PrintcamFrameAvailable)(void *user);

/**
 * The pictures of a stream, for one place where they are drawn.
 */
typedef uint64_t PrintcamTexture;

/**
 * A picture as RGBA, rows from the top without gaps.
 */
typedef struct PrintcamPixels {
    /**
     * The first byte: red of the top left corner.
     */
    const uint8_t *data;
    /**
     * In pixels.
     */
    uint32_t width;
    /**
     * In pixels.
     */
    uint32_t height;
} PrintcamPixels;

/**
 * The functions of the same names. Only the first field may be read before it is known to be the version compiled for.
 */
typedef struct PrintcamTextureApi {
    /**
     * `PRINTCAM_ABI_VERSION`.
     */
    uint32_t abi_version;
    PrintcamStatus (*texture_attach)(PrintcamStream stream,
                                     PrintcamFrameAvailable frame_available,
                                     void *user,
                                     PrintcamTexture *texture);
    PrintcamStatus (*texture_detach)(PrintcamTexture texture);
    PrintcamStatus (*texture_pixels)(PrintcamTexture texture, struct PrintcamPixels *pixels);
    void *(*texture_copy_pixel_buffer)(PrintcamTexture texture);
} PrintcamTextureApi;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * `PRINTCAM_ABI_VERSION` of the library that is running.
 */
uint32_t printcam_abi_version(void);

/**
 * What a status means, in one sentence; empty for a number that is none.
 */
struct PrintcamText printcam_status_message(int32_t status);

/**
 * Zeroed memory for callers that have no allocator of their own, as Dart has none; given back with
 * `printcam_buffer_free`. Null for 0 bytes, for more than 64 MiB, and where there is no memory.
 */
struct PrintcamBuffer printcam_buffer_new(uintptr_t len);

/**
 * Gives bytes back that the library has handed out. Nothing happens for null.
 *
 * The caller answers for this:
 * `buffer` is as the library gave it, and was not given back before.
 */
void printcam_buffer_free(struct PrintcamBuffer buffer);

/**
 * Sends the log to a callback, or to the platform's log (os_log, logcat, elsewhere stderr) where that is null, from this
 * level on: 0 off, 1 errors, 2 warnings, 3 info, 4 debug, 5 trace. When this returns, the former callback is not called
 * any more. `PRINTCAM_UNSUPPORTED` where the program has a `tracing` subscriber of its own.
 *
 * The caller answers for this:
 * `callback` may be called from any thread with `user`, until this is called again.
 */
PrintcamStatus printcam_log(uint32_t level,
                            PrintcamLogCallback callback,
                            void *user);

/**
 * Posts the log to a Dart port, too, as lists: level, component, message. When this returns, nothing is posted to the
 * former port any more.
 *
 * The caller answers for this:
 * `post_cobject` is null or `NativeApi.postCObject`.
 */
PrintcamStatus printcam_log_to_dart(uint32_t level, void *post_cobject, int64_t port);

/**
 * Makes a manager of at most `limit` streams (0: 8) whose events go to a callback, with `user` as its first argument.
 *
 * The caller answers for this:
 * `callback` may be called from any thread with `user` until the manager is freed. `manager` is null or valid for
 * writing.
 */
PrintcamStatus printcam_manager_new(uint32_t limit, PrintcamCallback callback, void *user, PrintcamManager *manager);

/**
 * Makes a manager of at most `limit` streams (0: 8) whose events are posted to a Dart port, as lists: kind, error,
 * stream, request, width, height, timestampMs, detail, message, hint, data or null. A message that is null says nothing.
 *
 * A post that fails means that the isolate is gone: everything of the manager is stopped and freed. So it is with
 * managers of isolates that went without anybody noticing, when a new one is made.
 *
 * The caller answers for this:
 * `post_cobject` is null or `NativeApi.postCObject`. `manager` is null or valid for writing.
 */
PrintcamStatus printcam_manager_new_for_dart(uint32_t limit,
                                             void *post_cobject,
                                             int64_t port,
                                             PrintcamManager *manager);

/**
 * Stops all its streams and requests. No callback begins, and none runs any more when this returns; called from inside
 * one: none but that one. Cameras are given back in the background.
 */
PrintcamStatus printcam_manager_free(PrintcamManager manager);

/**
 * Frees every manager and waits until all cameras have let go, at most so long; `PRINTCAM_TIMED_OUT` if they have not. For a
 * program's end.
 */
PrintcamStatus printcam_dispose_all(uint32_t timeout_ms);

/**
 * Takes one picture of a camera, within 1 to 600000 ms, and leaves. A camera that is being watched is not connected to
 * again. The answer is a JPEG or an error.
 *
 * The caller answers for this:
 * Texts point to as many bytes as they say. `options` is null or valid for reading, `request` null or valid for writing.
 */
PrintcamStatus printcam_snapshot(PrintcamManager manager,
                                 struct PrintcamText url,
                                 struct PrintcamText username,
                                 struct PrintcamText password,
                                 const struct PrintcamOptions *options,
                                 uint32_t timeout_ms,
                                 PrintcamRequest *request);

/**
 * Gives a request up: no answer comes any more. `PRINTCAM_STALE_HANDLE` once it is answered.
 */
PrintcamStatus printcam_request_cancel(PrintcamRequest request);

/**
 * Begins to watch a camera. `url` may hold the credentials; `username` and `password` count before those where they are
 * not empty. Whatever goes wrong with the camera comes as an event, a wrong address or one stream too many included.
 *
 * `stream` is written before the first event comes, which may be before this returns.
 *
 * The caller answers for this:
 * Texts point to as many bytes as they say. `options` is null or valid for reading, `stream` null or valid for writing.
 */
PrintcamStatus printcam_stream_start(PrintcamManager manager,
                                     struct PrintcamText url,
                                     struct PrintcamText username,
                                     struct PrintcamText password,
                                     const struct PrintcamOptions *options,
                                     PrintcamStream *stream);

/**
 * Stops a stream. No callback for it begins after, nor runs. `request` may be null; otherwise it is answered when the
 * camera has let go, or at once where somebody else goes on watching it.
 *
 * The caller answers for this:
 * `request` is null or valid for writing.
 */
PrintcamStatus printcam_stream_stop(PrintcamStream stream, PrintcamRequest *request);

/**
 * Asks for the newest picture as JPEG; waits for the first one if there is none yet. Those who ask while one is being
 * made share the next one. `PRINTCAM_TOO_MANY` while 32 of a stream are not answered. The answer has the error `PRINTCAM_ERROR_STOPPED` if the
 * stream ends before.
 *
 * The caller answers for this:
 * `request` is null or valid for writing.
 */
PrintcamStatus printcam_stream_capture(PrintcamStream stream, PrintcamRequest *request);

/**
 * What was counted so far.
 *
 * The caller answers for this:
 * `statistics` is null or valid for writing.
 */
PrintcamStatus printcam_stream_statistics(PrintcamStream stream, struct PrintcamStatistics *statistics);

/**
 * Switches events of pictures handed to textures on or off. They are off at first.
 */
PrintcamStatus printcam_stream_frame_events(PrintcamStream stream, bool on);

/**
 * Attaches a texture to a stream: pictures are decoded from now on. `frame_available` is called with `user` when there
 * is one, until the texture is detached or the stream stopped.
 *
 * `texture` is written before the first call, which may be before this returns.
 *
 * The caller answers for this:
 * `frame_available` may be called from any thread with `user` until this texture is detached or its stream stopped.
 * `texture` is null or valid for writing.
 */
PrintcamStatus printcam_texture_attach(PrintcamStream stream,
                                       PrintcamFrameAvailable frame_available,
                                       void *user,
                                       PrintcamTexture *texture);

/**
 * Detaches a texture. No `frame_available` begins after, nor runs; what was handed out for it is over.
 */
PrintcamStatus printcam_texture_detach(PrintcamTexture texture);

/**
 * The newest picture as RGBA; `PRINTCAM_NO_PICTURE` before the first. The bytes stay until this is called again for the same
 * texture, or it is detached: one thread at a time draws a texture.
 *
 * The caller answers for this:
 * `pixels` is null or valid for writing.
 */
PrintcamStatus printcam_texture_pixels(PrintcamTexture texture, struct PrintcamPixels *pixels);

/**
 * On Apple's platforms the newest picture as a `CVPixelBufferRef`, which the caller releases; null if there is none that
 * was not taken yet, for a handle that is over, and on other platforms.
 */
void *printcam_texture_copy_pixel_buffer(PrintcamTexture texture);

/**
 * The table, which stays for as long as the library is loaded.
 */
const struct PrintcamTextureApi *printcam_texture_api(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PRINTCAM_H */
