import 'dart:typed_data';

import '../exception.dart';
import '../logging.dart';
import '../options.dart';
import '../statistics.dart';

/// What the package needs of the native library. Tests have their own.
abstract interface class NativeLibrary {
  /// Makes a manager of at most [limit] streams, which tells [onEvent] what
  /// happens to them, never from within one of its own functions.
  NativeManager newManager({
    required int limit,
    required void Function(NativeEvent event) onEvent,
  });

  /// Sends log lines to [onRecord], or to the platform's log without it.
  void setLogging(
    RtspLogLevel level,
    void Function(RtspLogRecord record)? onRecord,
  );

  /// The address of the functions that platform code draws pictures with.
  int get textureApi;
}

/// Owns streams and requests.
abstract interface class NativeManager {
  /// Starts a stream and returns its handle. What goes wrong with the camera
  /// comes as an event.
  int start(CameraSource source);

  /// Stops a stream. No event of it comes after. Returns the request that is
  /// answered when the camera has let go; `null` if the stream is over.
  int? stop(int stream);

  /// Asks for the newest picture; `null` if the stream is over.
  int? capture(int stream);

  /// What was counted; `null` if the stream is over.
  RtspStatistics? statistics(int stream);

  /// Whether each picture is to be told.
  void frameEvents(int stream, {required bool on});

  /// Asks for one picture of a camera.
  int snapshot(CameraSource source, Duration timeout);

  /// Stops everything of the manager. No event comes after.
  void free();
}

/// Which camera, and how it is watched.
final class CameraSource {
  /// A camera and how it is watched.
  const CameraSource(this.url, this.username, this.password, this.options);

  /// May carry user name and access code.
  final String url;

  /// Empty: the one in [url].
  final String username;

  /// The access code. Empty: the one in [url].
  final String password;

  /// How it is watched.
  final RtspOptions options;

  @override
  bool operator ==(Object other) =>
      other is CameraSource &&
      other.url == url &&
      other.username == username &&
      other.password == password &&
      other.options == options;

  @override
  int get hashCode => Object.hash(url, username, password, options);

  // Neither address nor code: both may be secret.
  @override
  String toString() => 'CameraSource';
}

/// What a [NativeEvent] tells.
enum NativeEventKind {
  /// On the way to the first picture.
  connecting(1),

  /// Pictures come.
  playing(2),

  /// A picture was handed to a texture.
  frame(3),

  /// No media comes.
  stalled(4),

  /// The connection is made anew.
  reconnecting(5),

  /// Pictures have another size.
  resized(6),

  /// Five attempts in a row failed.
  trouble(7),

  /// The stream is over, and why.
  failed(8),

  /// The stream ended without anybody here asking.
  stopped(9),

  /// The answer to a request.
  answer(10),

  /// There are new statistics.
  tick(11);

  const NativeEventKind(this.number);

  /// Its number in the C interface.
  final int number;
}

/// A message of the native library.
final class NativeEvent {
  /// A message.
  const NativeEvent(
    this.kind, {
    this.stream = 0,
    this.request = 0,
    this.width = 0,
    this.height = 0,
    this.timestampMs = 0,
    this.exception,
    this.planned = false,
    this.data,
  });

  /// What it tells.
  final NativeEventKind kind;

  /// The stream it is about; 0: none.
  final int stream;

  /// The request it answers; 0: none.
  final int request;

  /// Of the picture, in pixels.
  final int width;

  /// Of the picture, in pixels.
  final int height;

  /// Milliseconds of Unix time.
  final int timestampMs;

  /// What went wrong. Always there with kinds that say something did.
  final RtspException? exception;

  /// Nothing went wrong: the library replaces a connection for its own reasons.
  final bool planned;

  /// A JPEG.
  final Uint8List? data;
}
