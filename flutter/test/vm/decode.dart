import 'dart:typed_data';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/decode_message.dart';
import 'package:printcam/src/native/native_library.dart';
import 'check.dart';

List<Object?> message(
  int kind, {
  int error = 0,
  Object? detail = '',
  Object? text = '',
  Object? hint = '',
  Object? data,
}) => [kind, error, 7, 8, 640, 480, 123, detail, text, hint, data];

void tests() {
  test('every kind of the interface, and IDLE and newer ones are left out', () {
    for (final kind in NativeEventKind.values) {
      expect(decodeEvent(message(kind.number))?.kind, kind, kind.name);
    }
    for (final kind in [0, 12, 13, -1]) {
      expect(decodeEvent(message(kind)), null, 'kind $kind');
    }
  });

  test('all fields', () {
    final data = Uint8List(3);
    final event = decodeEvent(message(10, data: data))!;
    expect(
      (event.stream, event.request, event.width, event.height),
      (7, 8, 640, 480),
    );
    expect(event.timestampMs, 123);
    expect(event.data, data);
    expect(event.exception, null);
  });

  test('other shapes are no events', () {
    final good = message(2);
    for (final bad in <Object?>[
      null,
      1,
      'x',
      <Object?>[],
      good.sublist(0, 10),
      [...good]..[2] = null,
      [...good]..[0] = 'two',
    ]) {
      expect(decodeEvent(bad), null, '$bad');
    }
    // A newer library may say more.
    expect(decodeEvent([...good, 'more'])?.kind, NativeEventKind.playing);
    final nulls = decodeEvent(message(8, detail: null, text: null, hint: null));
    expect(nulls?.exception?.detail, RtspErrorDetail.unknown);
  });

  test('errors by name, by number, and unknown ones', () {
    const connection = RtspErrorCode.connectionFailed;
    for (final (error, detail, wanted, code) in [
      (1, '', RtspErrorDetail.connectionFailed, connection),
      (2, '', RtspErrorDetail.authenticationFailed, null),
      (3, '', RtspErrorDetail.timeout, RtspErrorCode.timeout),
      (4, '', RtspErrorDetail.noVideoTrack, RtspErrorCode.noVideoTrack),
      (5, '', RtspErrorDetail.decoderError, RtspErrorCode.decoderError),
      (6, '', RtspErrorDetail.tooManyStreams, RtspErrorCode.tooManyStreams),
      (7, '', RtspErrorDetail.certificateChanged, connection),
      (8, '', RtspErrorDetail.liveViewDisabled, connection),
      (9, '', RtspErrorDetail.cameraBusy, connection),
      (10, '', RtspErrorDetail.cameraHung, RtspErrorCode.timeout),
      (11, '', RtspErrorDetail.stopped, connection),
      (99, '', RtspErrorDetail.unknown, connection),
      (99, 'cameraHung', RtspErrorDetail.cameraHung, RtspErrorCode.timeout),
      (0, 'silence', RtspErrorDetail.silence, RtspErrorCode.timeout),
    ]) {
      final row = '$error "$detail"';
      final exception = decodeEvent(
        message(8, error: error, detail: detail),
      )!.exception!;
      expect(exception.detail, wanted, row);
      expect(exception.code, code ?? RtspErrorCode.authenticationFailed, row);
    }
  });

  test('sentence and hint', () {
    final event = decodeEvent(
      message(8, error: 2, text: 'refused', hint: 'look'),
    )!;
    expect(event.exception?.message, 'refused');
    expect(event.exception?.hint, 'look');
    expect(
      '${event.exception}',
      'RtspException(authenticationFailed): refused',
    );
    final bare = decodeEvent(message(8, error: 2))!.exception!;
    expect(bare.message.isNotEmpty, true);
    expect(bare.hint, null);
  });

  test('a state for a reason alone: trouble, or planned', () {
    for (final (kind, detail, error, planned) in [
      (5, 'rotation', 0, true),
      (5, 'udpUseless', 0, true),
      (5, 'connectionLost', 0, false),
      (5, 'rotation', 1, false),
      (4, 'noMedia', 0, false),
      (2, 'media', 0, false),
    ]) {
      final event = decodeEvent(message(kind, error: error, detail: detail))!;
      expect(event.planned, planned, '$kind $detail $error');
      expect(event.exception != null, kind != 2, '$kind $detail $error');
    }
  });

  test('lines of the log', () {
    final record = decodeLogRecord([3, 'rtsp', 'PLAY'])!;
    expect('$record', 'info rtsp: PLAY');
    for (final bad in <Object?>[
      null,
      [0, 'rtsp', 'x'],
      [6, 'rtsp', 'x'],
      [3, null, 'x'],
      [3, 'rtsp'],
    ]) {
      expect(decodeLogRecord(bad), null, '$bad');
    }
  });
}
