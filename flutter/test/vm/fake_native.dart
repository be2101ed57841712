import 'dart:async';
import 'dart:typed_data';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/exception.dart';
import 'package:printcam/src/native/native_library.dart';

/// A native library that does what a test says.
final class FakeLibrary implements NativeLibrary {
  final List<FakeManager> managers = [];

  FakeManager get manager => managers.last;

  @override
  NativeManager newManager({
    required int limit,
    required void Function(NativeEvent event) onEvent,
  }) {
    this.limit = limit;
    managers.add(FakeManager(onEvent));
    return manager;
  }

  int limit = 0;

  @override
  void setLogging(
    RtspLogLevel level,
    void Function(RtspLogRecord record)? onRecord,
  ) {}

  @override
  int get textureApi => 4096;
}

final class FakeManager implements NativeManager {
  FakeManager(this._onEvent);

  final void Function(NativeEvent event) _onEvent;

  /// All calls, in order.
  final List<String> calls = [];
  final List<CameraSource> sources = [];
  final Set<int> alive = {};

  /// Whether a stop is answered at once.
  bool letsGo = true;
  int _last = 100;

  void tell(
    NativeEventKind kind, {
    int stream = 0,
    int request = 0,
    int width = 0,
    int height = 0,
    int timestampMs = 0,
    RtspErrorDetail? detail,
    bool planned = false,
    Uint8List? data,
  }) => _onEvent(
    NativeEvent(
      kind,
      stream: stream,
      request: request,
      width: width,
      height: height,
      timestampMs: timestampMs,
      exception: detail == null
          ? null
          : exceptionOf(detail, '${detail.name} happened', hint: 'try'),
      planned: planned,
      data: data,
    ),
  );

  void play(int stream) =>
      tell(NativeEventKind.playing, stream: stream, timestampMs: 1000);

  void answer(int request, {RtspErrorDetail? detail, Uint8List? data}) => tell(
    NativeEventKind.answer,
    request: request,
    detail: detail,
    data: data,
  );

  @override
  int start(CameraSource source) {
    sources.add(source);
    calls.add('start');
    alive.add(++_last);
    return _last;
  }

  @override
  int? stop(int stream) {
    if (!alive.remove(stream)) return null;
    calls.add('stop $stream');
    final request = stream + 1000;
    if (letsGo) scheduleMicrotask(() => answer(request));
    return request;
  }

  @override
  int? capture(int stream) {
    calls.add('capture $stream');
    return alive.contains(stream) ? stream + 2000 : null;
  }

  @override
  RtspStatistics? statistics(int stream) =>
      alive.contains(stream) ? someStatistics : null;

  @override
  void frameEvents(int stream, {required bool on}) =>
      calls.add('frames $stream $on');

  @override
  int snapshot(CameraSource source, Duration timeout) {
    sources.add(source);
    calls.add('snapshot ${timeout.inMilliseconds}');
    return 3000;
  }

  @override
  void free() => calls.add('free');
}

/// A platform that notes what it is asked for.
final class FakePlatform implements PrintcamPlatform {
  final List<String> calls = [];
  String? directory;
  Object? failure;

  /// What making a texture waits for.
  Future<void> gate = Future.value();
  int _last = 0;

  @override
  Future<int> createTexture({required int stream, required int api}) async {
    await gate;
    if (failure case final failure?) throw failure;
    calls.add('create $stream $api');
    return ++_last;
  }

  @override
  Future<void> disposeTexture(int textureId) async {
    calls.add('dispose $textureId');
  }

  @override
  Future<String?> storageDirectory() async => directory;
}

const RtspStatistics someStatistics = RtspStatistics(
  state: RtspStreamState.playing,
  transport: RtspMediaTransport.tcp,
  bitrate: 1000,
  picturesPerSecond: 30,
  jitter: Duration.zero,
  timeToFirstPicture: null,
  keyFrameInterval: null,
  decodeTime: null,
  packets: 1,
  bytes: 2,
  lost: 3,
  late: 4,
  duplicate: 5,
  discarded: 6,
  receiverReports: 7,
  stalls: 8,
  sessions: 9,
  reconnects: 10,
  picturesDecoded: 11,
  picturesShown: 12,
);

/// An event in one line.
String line(RtspStreamEvent event) => switch (event) {
  RtspResizedEvent(:final width, :final height) => 'resized ${width}x$height',
  RtspPlayingEvent() => 'playing',
  RtspFrameEvent(:final timestampMs) => 'frame $timestampMs',
  RtspStalledEvent(:final exception) => 'stalled ${exception.detail.name}',
  RtspReconnectingEvent(:final exception, :final persistent) =>
    'reconnecting ${exception.detail.name}${persistent ? ' again' : ''}',
  RtspErrorEvent(:final exception) => 'error ${exception.detail.name}',
  RtspStoppedEvent() => 'stopped',
};
