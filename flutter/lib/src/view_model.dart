import 'dart:async';

import 'controller.dart';
import 'events.dart';
import 'exception.dart';
import 'native/native_library.dart';
import 'options.dart';
import 'platform.dart';

/// What a view of a camera shows.
enum CameraViewPhase {
  /// No picture yet.
  waiting,

  /// Pictures come.
  showing,

  /// The last picture, and why no other comes. It heals by itself.
  troubled,

  /// It is over, and why.
  failed,

  /// It was stopped.
  stopped,
}

/// All that a view of a camera draws.
final class CameraViewState {
  const CameraViewState._({
    required this.phase,
    this.textureId,
    this.aspectRatio = defaultAspectRatio,
    this.message,
    this.hint,
    this.canRetry = false,
  });

  /// Of printers' cameras, until a picture says otherwise.
  static const double defaultAspectRatio = 16 / 9;

  /// What is shown.
  final CameraViewPhase phase;

  /// The texture with the newest picture; `null` where there is none.
  final int? textureId;

  /// Width by height of the picture.
  final double aspectRatio;

  /// Why there is no picture, in one sentence; `null` if there is one.
  final String? message;

  /// What a person should try next, if there is something.
  final String? hint;

  /// Whether trying again is this view's to do.
  final bool canRetry;

  /// What a screen reader says of the camera of this [name]. It reads [message]
  /// and [hint] by itself.
  String semanticsLabel(String name) => switch (phase) {
    CameraViewPhase.waiting => '$name, connecting',
    CameraViewPhase.showing => '$name, live picture',
    CameraViewPhase.troubled => '$name, last picture',
    CameraViewPhase.failed => '$name, no picture',
    CameraViewPhase.stopped => '$name, stopped',
  };
}

/// What a view is of.
sealed class CameraViewSource {
  const CameraViewSource();
}

/// A camera that the view watches by itself.
final class CameraAddress extends CameraViewSource {
  /// A camera, by the arguments of [RtspStreamController.startStream].
  const CameraAddress(
    this.url, {
    this.username = '',
    this.password = '',
    this.options = const RtspOptions(),
    this.controller,
  });

  /// May carry user name and access code.
  final String url;

  /// Empty: the one in [url].
  final String username;

  /// The access code. Empty: the one in [url].
  final String password;

  /// How it is watched; [RtspOptions.waitForPicture] does not count.
  final RtspOptions options;

  /// Who watches it; `null`: a controller of the view's own.
  final RtspStreamController? controller;

  CameraSource get _source => CameraSource(url, username, password, options);

  @override
  bool operator ==(Object other) =>
      other is CameraAddress &&
      other._source == _source &&
      other.controller == controller;

  @override
  int get hashCode => Object.hash(_source, controller);
}

/// A stream that somebody else has started, and stops.
final class CameraStream extends CameraViewSource {
  /// What [RtspStreamController.startStream] gave.
  const CameraStream(
    this.controller, {
    required this.streamId,
    required this.textureId,
  });

  /// Whose stream it is.
  final RtspStreamController controller;

  /// Its number.
  final int streamId;

  /// The texture that shows it.
  final int textureId;

  @override
  bool operator ==(Object other) =>
      other is CameraStream &&
      other.controller == controller &&
      other.streamId == streamId &&
      other.textureId == textureId;

  @override
  int get hashCode => Object.hash(controller, streamId, textureId);
}

/// What a view of a camera does, without drawing it.
final class CameraViewModel {
  /// A view of nothing yet. [onChange] is called after each change of [state],
  /// [onStarted] with each stream this view starts; [newController] makes the
  /// controller for cameras that have none.
  CameraViewModel({
    required void Function() onChange,
    void Function(RtspStreamController controller, int streamId)? onStarted,
    RtspStreamController Function() newController = RtspStreamController.new,
  }) : _onChange = onChange,
       _onStarted = onStarted,
       _newController = newController;

  final void Function() _onChange;
  final void Function(RtspStreamController controller, int streamId)?
  _onStarted;
  final RtspStreamController Function() _newController;

  CameraViewState _state = _waiting;
  CameraViewSource? _source;
  RtspStreamController? _own;
  StreamSubscription<RtspStreamEvent>? _subscription;

  /// The stream that is to be stopped by this view.
  ({RtspStreamController controller, int id})? _running;

  /// Raised with every change of source: what was begun for an older one is
  /// dropped when it arrives.
  int _generation = 0;
  bool _isDisposed = false;

  /// One source lets go of its camera before the next takes it: printers serve
  /// one client.
  Future<void> _work = Future.value();

  /// What to draw.
  CameraViewState get state => _state;

  /// Shows [source]. The one it shows already goes on undisturbed. Whoever calls
  /// it draws anew by itself.
  void show(CameraViewSource source) {
    if (source == _source || _isDisposed) return;
    _source = source;
    _restart();
  }

  /// Tries again after a failure.
  void retry() {
    if (_isDisposed || _source == null) return;
    _restart();
    _onChange();
  }

  /// Stops what this view has started. Completes when the camera has let go.
  Future<void> dispose() {
    if (_isDisposed) return _work;
    _isDisposed = true;
    _generation++;
    return _work = _work.then((_) async {
      await _release();
      await _own?.dispose();
    });
  }

  void _restart() {
    final generation = ++_generation;
    _state = _waiting;
    _work = _work.then((_) async {
      await _release();
      if (generation == _generation) await _start(generation, _source!);
    });
  }

  Future<void> _release() async {
    final running = _running;
    _running = null;
    unawaited(_subscription?.cancel());
    _subscription = null;
    if (running != null) await running.controller.stopStream(running.id);
  }

  Future<void> _start(int generation, CameraViewSource source) async {
    try {
      switch (source) {
        case CameraStream(:final controller, :final streamId, :final textureId):
          _listen(generation, controller, streamId, textureId);
        case CameraAddress():
          final controller = source.controller ?? (_own ??= _newController());
          final started = await controller.startStream(
            source.url,
            source.username,
            source.password,
            options: source.options.copyWith(waitForPicture: false),
          );
          _running = (controller: controller, id: started.streamId);
          // What comes next in line releases it.
          if (generation != _generation) return;
          _listen(generation, controller, started.streamId, started.textureId);
          _onStarted?.call(controller, started.streamId);
      }
    } on RtspException catch (exception) {
      if (generation == _generation) _fail(exception.message, exception.hint);
    } on Object catch (error) {
      if (generation == _generation) _fail('$error', null);
    }
  }

  void _listen(
    int generation,
    RtspStreamController controller,
    int streamId,
    int textureId,
  ) {
    final texture = textureId == PrintcamPlatform.noTexture ? null : textureId;
    _subscription = controller.streamEvents(streamId, frames: false).listen((
      event,
    ) {
      if (generation == _generation) _handle(event, texture);
    });
  }

  void _handle(RtspStreamEvent event, int? texture) {
    final hadPicture = _state.textureId != null;
    switch (event) {
      case RtspResizedEvent(:final width, :final height):
        if (width > 0 && height > 0) {
          _to(_state.phase, aspectRatio: width / height);
        }
      case RtspPlayingEvent() || RtspFrameEvent():
        _to(CameraViewPhase.showing, textureId: texture);
      case RtspStalledEvent(:final exception) ||
          RtspReconnectingEvent(:final exception):
        final phase = hadPicture
            ? CameraViewPhase.troubled
            : CameraViewPhase.waiting;
        _to(phase, exception: exception);
      case RtspErrorEvent(:final exception):
        _fail(exception.message, exception.hint);
      case RtspStoppedEvent():
        if (_state.phase != CameraViewPhase.failed) {
          _end(CameraViewPhase.stopped, 'The stream was stopped', null);
        }
    }
  }

  void _fail(String message, String? hint) =>
      _end(CameraViewPhase.failed, message, hint);

  void _end(CameraViewPhase phase, String message, String? hint) => _change(
    CameraViewState._(
      phase: phase,
      textureId: _state.textureId,
      aspectRatio: _state.aspectRatio,
      message: message,
      hint: hint,
      canRetry: _source is CameraAddress,
    ),
  );

  void _to(
    CameraViewPhase phase, {
    int? textureId,
    double? aspectRatio,
    RtspException? exception,
  }) => _change(
    CameraViewState._(
      phase: phase,
      textureId: textureId ?? _state.textureId,
      aspectRatio: aspectRatio ?? _state.aspectRatio,
      message: exception?.message,
      hint: exception?.hint,
    ),
  );

  void _change(CameraViewState state) {
    _state = state;
    _onChange();
  }

  static const CameraViewState _waiting = CameraViewState._(
    phase: CameraViewPhase.waiting,
  );
}
