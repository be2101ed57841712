import 'dart:async';

import 'events.dart';
import 'exception.dart';
import 'native/native_library.dart';
import 'platform.dart';
import 'statistics.dart';

/// One stream of a controller: what it is doing, and who listens.
final class WatchedStream {
  /// A stream that was started just now.
  WatchedStream({
    required this.id,
    required void Function({required bool on}) frameEvents,
    required RtspStatistics? Function() readStatistics,
  }) : _frameEvents = frameEvents,
       _readStatistics = readStatistics {
    // Whoever does not wait for the picture has events to learn it from.
    _firstPicture.future.ignore();
  }

  /// The native library's handle.
  final int id;

  /// The texture that shows it.
  int textureId = PrintcamPlatform.noTexture;

  final void Function({required bool on}) _frameEvents;
  final RtspStatistics? Function() _readStatistics;
  final Completer<void> _firstPicture = Completer();
  final List<_Listener> _listeners = [];
  final List<MultiStreamController<RtspStatistics>> _statistics = [];
  RtspResizedEvent? _size;
  RtspStreamEvent? _state;
  RtspException? _failure;
  bool _hasPicture = false;
  bool _isOver = false;

  /// Completes with the first picture, or with why the first attempt failed.
  Future<void> get firstPicture => _firstPicture.future;

  /// Whether there has been a picture.
  bool get hasPicture => _hasPicture;

  /// Whether nothing more will come.
  bool get isOver => _isOver;

  /// Why it is over, if something went wrong.
  RtspException? get failure => _failure;

  /// What happens, beginning with what is the case. With [frames] each picture
  /// is told, too.
  Stream<RtspStreamEvent> events({required bool frames}) =>
      Stream.multi((controller) {
        final size = _size;
        final state = _state;
        if (size != null) controller.add(size);
        if (state != null) controller.add(state);
        if (_isOver) {
          controller.add(const RtspStoppedEvent());
          unawaited(controller.close());
          return;
        }
        final listener = _Listener(controller, frames: frames);
        _listeners.add(listener);
        if (frames) _updateFrameEvents(isNew: true);
        controller.onCancel = () {
          if (_listeners.remove(listener) && frames && !_isOver) {
            _updateFrameEvents(isNew: false);
          }
        };
      }, isBroadcast: true);

  /// What was counted, each second while the stream is there.
  Stream<RtspStatistics> statistics() => Stream.multi((controller) {
    if (_isOver) {
      unawaited(controller.close());
      return;
    }
    _statistics.add(controller);
    controller.onCancel = () => _statistics.remove(controller);
  }, isBroadcast: true);

  /// Takes in what the library says of this stream.
  void handle(NativeEvent event) {
    if (_isOver) return;
    switch (event.kind) {
      case NativeEventKind.playing:
        _hasPicture = true;
        _tellState(const RtspPlayingEvent());
        _tell(RtspFrameEvent(timestampMs: event.timestampMs));
        if (!_firstPicture.isCompleted) _firstPicture.complete();
      case NativeEventKind.resized:
        final size = RtspResizedEvent(width: event.width, height: event.height);
        _size = size;
        _tell(size);
      case NativeEventKind.frame:
        _tell(RtspFrameEvent(timestampMs: event.timestampMs));
      case NativeEventKind.stalled:
        _tellState(RtspStalledEvent(_reason(event)));
      case NativeEventKind.reconnecting || NativeEventKind.trouble:
        // Told, it would look like trouble to whoever takes errors for an end.
        if (event.planned) return;
        final reason = _reason(event);
        final persistent = event.kind == NativeEventKind.trouble;
        _tellState(RtspReconnectingEvent(reason, persistent: persistent));
        _failFirstPicture(reason);
      case NativeEventKind.failed:
        _failure = _reason(event);
        _tellState(RtspErrorEvent(_failure!));
        end();
      case NativeEventKind.stopped:
        end();
      case NativeEventKind.tick:
        _tellStatistics();
      case NativeEventKind.connecting || NativeEventKind.answer:
        break;
    }
  }

  /// Ends it: listeners learn that it stopped.
  void end() {
    if (_isOver) return;
    _isOver = true;
    _failFirstPicture(
      _failure ??
          exceptionOf(
            RtspErrorDetail.stopped,
            'the stream was stopped before there was a picture',
          ),
    );
    _tell(const RtspStoppedEvent());
    for (final listener in _listeners) {
      unawaited(listener.controller.close());
    }
    _listeners.clear();
    for (final controller in _statistics) {
      unawaited(controller.close());
    }
    _statistics.clear();
  }

  void _failFirstPicture(RtspException reason) {
    if (!_firstPicture.isCompleted) _firstPicture.completeError(reason);
  }

  void _tellState(RtspStreamEvent state) {
    _state = state;
    _tell(state);
  }

  void _tell(RtspStreamEvent event) {
    for (final listener in _listeners) {
      if (event is! RtspFrameEvent || listener.wantsFrame) {
        listener.controller.add(event);
      }
    }
  }

  void _tellStatistics() {
    if (_statistics.isEmpty) return;
    final statistics = _readStatistics();
    if (statistics == null) return;
    for (final controller in _statistics) {
      if (!controller.isPaused) controller.add(statistics);
    }
  }

  /// Turns the telling of pictures on with the first who wants it, and off with
  /// the last.
  void _updateFrameEvents({required bool isNew}) {
    final wanting = _listeners.where((listener) => listener.frames).length;
    if (wanting == (isNew ? 1 : 0)) _frameEvents(on: isNew);
  }
}

final class _Listener {
  _Listener(this.controller, {required this.frames});

  final MultiStreamController<RtspStreamEvent> controller;
  final bool frames;

  /// Not while paused: events wait in memory then, and pictures are many.
  bool get wantsFrame => frames && !controller.isPaused;
}

RtspException _reason(NativeEvent event) =>
    event.exception ??
    exceptionOf(RtspErrorDetail.unknown, 'something went wrong');
