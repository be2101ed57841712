import 'dart:typed_data';

import '../exception.dart';
import '../logging.dart';
import 'native_library.dart';

/// Reads a message of the native library; `null` for one of a kind this version
/// does not know, or of another shape.
NativeEvent? decodeEvent(Object? message) {
  if (message case [
    final int kindNumber,
    final int error,
    final int stream,
    final int request,
    final int width,
    final int height,
    final int timestampMs,
    final Object? detail,
    final Object? text,
    final Object? hint,
    final Object? data,
    ...,
  ]) {
    final kind = _kinds[kindNumber];
    if (kind == null) return null;
    return NativeEvent(
      kind,
      stream: stream,
      request: request,
      width: width,
      height: height,
      timestampMs: timestampMs,
      exception: error != 0 || _alwaysTrouble.contains(kind)
          ? _exception(kind, error, _text(detail), _text(text), _text(hint))
          : null,
      planned: error == 0 && _plannedReasons.contains(detail),
      data: data is Uint8List ? data : null,
    );
  }
  return null;
}

/// Reads a line of the log; `null` for anything else.
RtspLogRecord? decodeLogRecord(Object? message) {
  if (message case [
    final int level,
    final String component,
    final String text,
    ...,
  ] when level > 0 && level < RtspLogLevel.values.length) {
    return RtspLogRecord(
      level: RtspLogLevel.values[level],
      component: component,
      message: text,
    );
  }
  return null;
}

RtspException _exception(
  NativeEventKind kind,
  int error,
  String detail,
  String message,
  String hint,
) {
  // The name first: it may be finer than the number, or newer.
  final known =
      _details[detail] ?? _detailsByNumber[error] ?? RtspErrorDetail.unknown;
  return exceptionOf(
    known,
    message.isEmpty ? _unsaid[kind] ?? 'something went wrong' : message,
    hint: hint.isEmpty ? null : hint,
  );
}

String _text(Object? value) => value is String ? value : '';

final Map<int, NativeEventKind> _kinds = {
  for (final kind in NativeEventKind.values) kind.number: kind,
};

final Map<String, RtspErrorDetail> _details = RtspErrorDetail.values
    .asNameMap();

/// PrintcamErrorCode of the C interface.
const Map<int, RtspErrorDetail> _detailsByNumber = {
  1: RtspErrorDetail.connectionFailed,
  2: RtspErrorDetail.authenticationFailed,
  3: RtspErrorDetail.timeout,
  4: RtspErrorDetail.noVideoTrack,
  5: RtspErrorDetail.decoderError,
  6: RtspErrorDetail.tooManyStreams,
  7: RtspErrorDetail.certificateChanged,
  8: RtspErrorDetail.liveViewDisabled,
  9: RtspErrorDetail.cameraBusy,
  10: RtspErrorDetail.cameraHung,
  11: RtspErrorDetail.stopped,
};

const Set<NativeEventKind> _alwaysTrouble = {
  NativeEventKind.stalled,
  NativeEventKind.reconnecting,
  NativeEventKind.trouble,
  NativeEventKind.failed,
};

/// Reasons of a new connection that are no trouble: the last picture stays for
/// the moment it takes.
const Set<String> _plannedReasons = {'rotation', 'udpUseless'};

const Map<NativeEventKind, String> _unsaid = {
  NativeEventKind.stalled: 'the camera sends no pictures at the moment',
  NativeEventKind.reconnecting: 'the connection to the camera is made anew',
  NativeEventKind.trouble: 'the camera cannot be reached; trying goes on',
  NativeEventKind.failed: 'the camera cannot be watched',
};
