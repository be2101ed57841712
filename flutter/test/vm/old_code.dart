/// A program as it was written for flutter_rtsps_plugin, but for its import
/// line: it has to compile and run unchanged.
library;

import 'dart:async';
import 'dart:typed_data';

import 'package:printcam/printcam.dart';

/// A page that shows one camera, without its widgets.
class CameraPage {
  final RtspStreamController controller = RtspStreamController();
  final List<String> log = [];
  StreamSubscription<RtspStreamEvent>? _events;
  int? _streamId;
  int frames = 0;

  String describe(RtspStreamEvent event) {
    switch (event) {
      case RtspPlayingEvent():
        return 'playing';
      case RtspFrameEvent(:final timestampMs):
        return timestampMs > 0 ? 'frame' : 'frame without a time';
      case RtspErrorEvent(:final exception):
        return 'error: ${explain(exception.code)}';
      case RtspStoppedEvent():
        return 'stopped';
    }
  }

  String explain(RtspErrorCode code) => switch (code) {
    RtspErrorCode.connectionFailed => 'printer not reachable',
    RtspErrorCode.authenticationFailed => 'wrong access code',
    RtspErrorCode.timeout => 'printer too slow',
    RtspErrorCode.noVideoTrack => 'no camera',
    RtspErrorCode.decoderError => 'picture broken',
    RtspErrorCode.tooManyStreams =>
      'more than ${RtspStreamController.maxConcurrentStreams} cameras',
  };

  Future<bool> open(String url, String username, String password) async {
    try {
      final ({int streamId, int textureId}) started = await controller
          .startStream(url, username, password);
      final id = _streamId = started.streamId;
      log.add('started');
      _events = controller.streamEvents(id).listen((event) {
        if (event is RtspFrameEvent) frames++;
        log.add(describe(event));
      });
      return true;
    } on RtspException catch (e) {
      log.add('not started: ${explain(e.code)}, ${e.message.isNotEmpty}');
      return false;
    }
  }

  Future<Uint8List?> picture() async {
    final id = _streamId;
    return id == null ? null : controller.captureFrameFromStream(id);
  }

  Future<Uint8List> thumbnail(String url, String username, String password) =>
      controller.captureSnapshot(url, username, password, timeoutSeconds: 15);

  Future<void> close() async {
    final id = _streamId;
    if (id != null) await controller.stopStream(id);
    await _events?.cancel();
    await controller.dispose();
  }
}

/// As an app may have thrown it in its own tests.
const RtspException refused = RtspException(
  code: RtspErrorCode.authenticationFailed,
  message: 'refused',
);

/// As an app may have made them in its own tests.
const List<RtspStreamEvent> everyEvent = [
  RtspPlayingEvent(),
  RtspErrorEvent(refused),
  RtspStoppedEvent(),
  RtspFrameEvent(timestampMs: 1),
];
