import 'dart:async';
import 'dart:typed_data';

import 'events.dart';
import 'exception.dart';
import 'logging.dart';
import 'native/library.dart';
import 'native/native_library.dart';
import 'options.dart';
import 'platform.dart';
import 'statistics.dart';
import 'watched_stream.dart';

/// Watches cameras: streams by number, and single pictures.
///
/// All streams of one camera share one connection to it, also across
/// controllers. After [dispose] every other member throws a [StateError],
/// except [stopStream], which does nothing.
class RtspStreamController {
  /// Watches nothing yet. The native library is loaded by the first call that
  /// needs it, which throws a [PrintcamLibraryException] if that fails.
  RtspStreamController() : this.using();

  /// With another native library or platform than the usual ones: for tests.
  RtspStreamController.using({
    NativeLibrary? library,
    PrintcamPlatform? platform,
  }) : _givenLibrary = library,
       _givenPlatform = platform;

  /// As many streams as one controller may have at a time.
  static const int maxConcurrentStreams = 8;

  /// Says how much of what happens is told, and to whom: to [onRecord], or to
  /// the platform's log without it (os_log, logcat, the standard error output).
  ///
  /// It is the same log for all controllers of a program.
  static void setLogging(
    RtspLogLevel level, {
    void Function(RtspLogRecord record)? onRecord,
  }) => PrintcamLibrary.instance.setLogging(level, onRecord);

  /// Streams that ended by themselves are kept for their last picture until
  /// they are stopped, but no more of them than this.
  static const int _maxEnded = maxConcurrentStreams;

  /// Longer than the library takes for a camera that does not answer when it is
  /// let go.
  static const Duration _letGoLimit = Duration(seconds: 10);

  final NativeLibrary? _givenLibrary;
  final PrintcamPlatform? _givenPlatform;
  final Map<int, WatchedStream> _streams = {};
  final Map<int, Future<void>> _stopping = {};
  final Map<int, Completer<Uint8List?>> _pictures = {};
  final Map<int, Completer<void>> _letGo = {};
  NativeManager? _manager;
  Future<String?>? _storage;
  Future<void>? _disposed;

  NativeLibrary get _library => _givenLibrary ?? PrintcamLibrary.instance;
  PrintcamPlatform get _platform => _givenPlatform ?? PrintcamPlatform.instance;

  /// Starts to watch the camera at [url], which may carry user name and
  /// password; [username] and [password] go before these unless they are empty.
  ///
  /// Completes with the first picture and throws an [RtspException] if the
  /// first attempt fails, unless [RtspOptions.waitForPicture] is false. The
  /// texture's id is for Flutter's `Texture`; -1 where there is no Flutter.
  Future<({int streamId, int textureId})> startStream(
    String url,
    String username,
    String password, {
    RtspOptions options = const RtspOptions(),
  }) async {
    final manager = _open();
    final source = await _source(url, username, password, options);
    if (_disposed != null) throw _stoppedException;
    final id = manager.start(source);
    final stream = WatchedStream(
      id: id,
      frameEvents: ({required on}) => manager.frameEvents(id, on: on),
      readStatistics: () => manager.statistics(id),
    );
    _streams[id] = stream;
    try {
      await _addTexture(stream);
      if (options.waitForPicture) await stream.firstPicture;
    } on Object {
      await stopStream(id);
      rethrow;
    }
    return (streamId: id, textureId: stream.textureId);
  }

  /// Stops a stream. Completes when its camera has let go. Does nothing if there
  /// is no such stream.
  Future<void> stopStream(int streamId) {
    final stream = _streams.remove(streamId);
    if (stream == null) return _stopping[streamId] ?? Future.value();
    return _stopping[streamId] = _stop(stream).whenComplete(() {
      // Not returned: it would wait for itself.
      _stopping.remove(streamId);
    });
  }

  /// The newest picture of a stream as JPEG; `null` if there has been none yet.
  ///
  /// Throws an [RtspException] if there is no such stream, or it has failed.
  Future<Uint8List?> captureFrameFromStream(int streamId) async {
    final manager = _open();
    final stream = _streams[streamId];
    if (stream == null) throw _noStreamException;
    if (!stream.isOver && !stream.hasPicture) return null;
    final request = stream.isOver ? null : manager.capture(streamId);
    if (request == null) throw stream.failure ?? _stoppedException;
    return _answer(request);
  }

  /// One picture of a camera as JPEG, also of one that is being watched.
  ///
  /// Throws an [RtspException] if there is none within [timeoutSeconds], which
  /// is 1 to 60, otherwise a [RangeError]. For the address see [startStream].
  Future<Uint8List> captureSnapshot(
    String url,
    String username,
    String password, {
    int timeoutSeconds = 10,
    RtspOptions options = const RtspOptions(),
  }) async {
    RangeError.checkValueInInterval(timeoutSeconds, 1, 60, 'timeoutSeconds');
    final manager = _open();
    final source = await _source(url, username, password, options);
    if (_disposed != null) throw _stoppedException;
    final request = manager.snapshot(source, Duration(seconds: timeoutSeconds));
    final picture = await _answer(request);
    if (picture == null) throw _stoppedException;
    return picture;
  }

  /// What happens to a stream, for any number of listeners: each begins with
  /// what is the case, and ends with an [RtspStoppedEvent].
  ///
  /// Without [frames] no [RtspFrameEvent] comes for each picture, which saves
  /// time where nobody counts them. Of a stream that there is not, it only says
  /// that it stopped.
  Stream<RtspStreamEvent> streamEvents(int streamId, {bool frames = true}) {
    _checkNotDisposed();
    final stream = _streams[streamId] ?? _noStream(streamId);
    return stream.events(frames: frames);
  }

  /// What is counted of a stream, once a second. Ends with the stream.
  Stream<RtspStatistics> stats(int streamId) {
    _checkNotDisposed();
    return (_streams[streamId] ?? _noStream(streamId)).statistics();
  }

  /// Stops everything. Completes when all cameras have let go. What is being
  /// waited for throws an [RtspException].
  Future<void> dispose() => _disposed ??= _dispose();

  Future<void> _dispose() async {
    final manager = _manager;
    if (manager == null) return;
    for (final picture in _pictures.values) {
      picture.completeError(_stoppedException);
    }
    _pictures.clear();
    _streams.keys.toList().forEach(stopStream);
    await Future.wait(_stopping.values);
    manager.free();
  }

  Future<void> _stop(WatchedStream stream) async {
    final request = stream.isOver ? null : _manager?.stop(stream.id);
    stream.end();
    await Future.wait([
      if (request != null) _untilLetGo(request),
      _removeTexture(stream),
    ]);
  }

  Future<void> _untilLetGo(int request) {
    final completer = _letGo[request] = Completer<void>();
    return completer.future.timeout(
      _letGoLimit,
      onTimeout: () => _letGo.remove(request),
    );
  }

  Future<void> _addTexture(WatchedStream stream) async {
    final int id;
    try {
      id = await _platform.createTexture(
        stream: stream.id,
        api: _library.textureApi,
      );
    } on Object catch (error) {
      // One that failed meanwhile tells why by itself.
      if (stream.isOver) return;
      throw exceptionOf(
        RtspErrorDetail.decoderError,
        'no texture can be made to show the camera with: $error',
      );
    }
    stream.textureId = id;
    // Stopped meanwhile: nobody else will remove it.
    if (_streams[stream.id] != stream) {
      await _removeTexture(stream);
      throw _stoppedException;
    }
  }

  Future<void> _removeTexture(WatchedStream stream) async {
    final id = stream.textureId;
    if (id == PrintcamPlatform.noTexture) return;
    stream.textureId = PrintcamPlatform.noTexture;
    try {
      await _platform.disposeTexture(id);
    } on Object {
      // An engine that is going away has already let go of its textures.
    }
  }

  void _handle(NativeEvent event) {
    if (event.kind == NativeEventKind.answer) {
      // An error changes nothing about a camera that has let go.
      _letGo.remove(event.request)?.complete();
      final picture = _pictures.remove(event.request);
      final exception = event.exception;
      if (exception == null) {
        picture?.complete(event.data);
      } else {
        picture?.completeError(exception);
      }
      return;
    }
    final stream = _streams[event.stream];
    if (stream == null || stream.isOver) return;
    stream.handle(event);
    if (stream.isOver) _handleEnd(stream);
  }

  /// The library's side of a stream that ended by itself is not needed any more.
  void _handleEnd(WatchedStream ended) {
    _manager?.stop(ended.id);
    final over = _streams.values.where((stream) => stream.isOver).toList();
    if (over.length > _maxEnded) unawaited(stopStream(over.first.id));
  }

  Future<Uint8List?> _answer(int request) =>
      (_pictures[request] = Completer()).future;

  /// Options with the place where keys are remembered, unless they say one.
  Future<CameraSource> _source(
    String url,
    String username,
    String password,
    RtspOptions options,
  ) async {
    if (options.trust == const RtspTrust.firstUse()) {
      final directory = await (_storage ??= _storageDirectory());
      if (directory != null) {
        final file = '$directory/printcam/known_printers';
        final trust = RtspTrust.firstUse(file: file);
        return CameraSource(
          url,
          username,
          password,
          options.copyWith(trust: trust),
        );
      }
    }
    return CameraSource(url, username, password, options);
  }

  Future<String?> _storageDirectory() async {
    try {
      return await _platform.storageDirectory();
    } on Object {
      // The library has a place of its own on most platforms.
      return null;
    }
  }

  NativeManager _open() {
    _checkNotDisposed();
    return _manager ??= _library.newManager(
      limit: maxConcurrentStreams,
      onEvent: _handle,
    );
  }

  void _checkNotDisposed() {
    if (_disposed != null) throw StateError('the controller was disposed');
  }

  static WatchedStream _noStream(int id) => WatchedStream(
    id: id,
    frameEvents: ({required on}) {},
    readStatistics: () => null,
  )..end();
}

final RtspException _stoppedException = exceptionOf(
  RtspErrorDetail.stopped,
  'the stream was stopped',
);

final RtspException _noStreamException = exceptionOf(
  RtspErrorDetail.stopped,
  'there is no such stream',
);
