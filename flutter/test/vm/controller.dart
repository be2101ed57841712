import 'dart:async';
import 'dart:typed_data';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';
import 'check.dart';
import 'fake_native.dart';

/// A controller over fakes.
final class Bench {
  final FakeLibrary library = FakeLibrary();
  final FakePlatform platform = FakePlatform();
  late final RtspStreamController controller = RtspStreamController.using(
    library: library,
    platform: platform,
  );

  FakeManager get manager => library.manager;

  Future<({int streamId, int textureId})> begin({
    RtspOptions options = const RtspOptions(),
  }) => controller.startStream('rtsps://camera', 'bblp', '', options: options);

  /// A stream that plays.
  Future<int> playing() async {
    final begun = begin();
    await settle();
    final id = manager.alive.last;
    manager.play(id);
    return (await begun).streamId;
  }

  /// What a new listener hears from now on.
  List<String> listen(int id, {bool frames = true}) {
    final heard = <String>[];
    controller
        .streamEvents(id, frames: frames)
        .listen(
          (event) => heard.add(line(event)),
          onDone: () => heard.add('.'),
        );
    return heard;
  }
}

const RtspOptions atOnce = RtspOptions(waitForPicture: false);

void tests() {
  startTests();
  eventTests();
  pictureTests();
  disposeTests();
}

void startTests() {
  test('start completes with the first picture', () async {
    final bench = Bench();
    ({int streamId, int textureId})? started;
    unawaited(bench.begin().then((value) => started = value));
    await settle();
    final id = bench.manager.alive.single;
    bench.manager.tell(NativeEventKind.connecting, stream: id);
    await settle();
    expect(started, null);
    bench.manager.play(id);
    await settle();
    expect(started, (streamId: id, textureId: 1));
    expect(bench.platform.calls, ['create $id 4096']);
    expect(bench.library.expectLimit, 8);
  });

  test(
    'start throws on the first failure, and the stream is stopped',
    () async {
      for (final (kind, detail, code) in [
        (
          NativeEventKind.failed,
          RtspErrorDetail.authenticationFailed,
          RtspErrorCode.authenticationFailed,
        ),
        (
          NativeEventKind.reconnecting,
          RtspErrorDetail.cameraHung,
          RtspErrorCode.timeout,
        ),
      ]) {
        final bench = Bench();
        final thrown = expectThrows<RtspException>(bench.begin, kind.name);
        await settle();
        final id = bench.manager.alive.single;
        bench.manager.tell(kind, stream: id, detail: detail);
        final exception = await thrown;
        expect(exception.code, code, kind.name);
        expect(exception.detail, detail, kind.name);
        expect(bench.manager.calls, ['start', 'stop $id'], kind.name);
        expect(bench.platform.calls.last, 'dispose 1', kind.name);
        expect(bench.listen(id), <String>[], kind.name);
      }
    },
  );

  test('a planned new connection fails no start', () async {
    final bench = Bench();
    final started = bench.begin();
    await settle();
    final id = bench.manager.alive.single;
    bench.manager.tell(
      NativeEventKind.reconnecting,
      stream: id,
      detail: RtspErrorDetail.unknown,
      planned: true,
    );
    bench.manager.play(id);
    expect((await started).streamId, id);
  });

  test('without waiting, start completes and events tell', () async {
    final bench = Bench();
    final (:streamId, textureId: _) = await bench.begin(options: atOnce);
    final heard = bench.listen(streamId);
    bench.manager.tell(
      NativeEventKind.failed,
      stream: streamId,
      detail: RtspErrorDetail.tooManyStreams,
    );
    await settle();
    expect(heard, ['error tooManyStreams', 'stopped', '.']);
    // Who comes late learns it, too.
    final late = bench.listen(streamId);
    await settle();
    expect(late, heard);
  });

  test('a failure before the texture is there is what is thrown', () async {
    final bench = Bench()..platform.gate = Future(() {});
    bench.platform.failure = StateError('stale');
    final thrown = expectThrows<RtspException>(bench.begin);
    while (bench.library.managers.isEmpty || bench.manager.alive.isEmpty) {
      await Future<void>.microtask(() {});
    }
    bench.manager.tell(
      NativeEventKind.failed,
      stream: bench.manager.alive.single,
      detail: RtspErrorDetail.tooManyStreams,
    );
    expect((await thrown).detail, RtspErrorDetail.tooManyStreams);
  });

  test('no texture: start throws and the camera is let go', () async {
    final bench = Bench()..platform.failure = StateError('no engine');
    final exception = await expectThrows<RtspException>(bench.begin);
    expect(exception.code, RtspErrorCode.decoderError);
    expect(bench.manager.alive, isEmptySet(bench.manager.alive));
  });

  test('keys are remembered in the directory of the app', () async {
    for (final (directory, trust, wanted) in [
      (null, const RtspTrust.firstUse(), const RtspTrust.firstUse()),
      (
        '/app',
        const RtspTrust.firstUse(),
        const RtspTrust.firstUse(file: '/app/printcam/known_printers'),
      ),
      (
        '/app',
        const RtspTrust.firstUse(file: 'mine'),
        const RtspTrust.firstUse(file: 'mine'),
      ),
      ('/app', const RtspTrust.acceptAny(), const RtspTrust.acceptAny()),
    ]) {
      final bench = Bench()..platform.directory = directory;
      final options = RtspOptions(trust: trust, waitForPicture: false);
      await bench.begin(options: options);
      expect(bench.manager.sources.single.options.trust, wanted, '$directory');
    }
  });

  test(
    'stop waits until the camera has let go; an unknown id is fine',
    () async {
      final bench = Bench();
      final id = await bench.playing();
      bench.manager.letsGo = false;
      var stopped = 0;
      unawaited(bench.controller.stopStream(id).then((_) => stopped++));
      unawaited(bench.controller.stopStream(id).then((_) => stopped++));
      await settle();
      expect(stopped, 0);
      bench.manager.answer(id + 1000);
      await settle();
      expect(stopped, 2);
      expect(bench.manager.calls.where((call) => call == 'stop $id').length, 1);
      expect(bench.platform.calls.last, 'dispose 1');
      await bench.controller.stopStream(id);
      await bench.controller.stopStream(424242);
    },
  );
}

/// The same set, if it is empty.
Set<int> isEmptySet(Set<int> set) =>
    set.isEmpty ? set : throw StateError('$set is not empty');

void eventTests() {
  test('events in order, and the picture right after playing', () async {
    final bench = Bench();
    final id = (await bench.begin(options: atOnce)).streamId;
    final heard = bench.listen(id);
    final manager = bench.manager;
    await settle();
    manager
      ..tell(NativeEventKind.connecting, stream: id)
      ..tell(NativeEventKind.resized, stream: id, width: 16, height: 9)
      ..play(id)
      ..tell(NativeEventKind.frame, stream: id, timestampMs: 1033)
      ..tell(NativeEventKind.tick, stream: id)
      ..tell(
        NativeEventKind.stalled,
        stream: id,
        detail: RtspErrorDetail.noMedia,
      )
      ..tell(
        NativeEventKind.reconnecting,
        stream: id,
        detail: RtspErrorDetail.connectionFailed,
      )
      ..tell(
        NativeEventKind.trouble,
        stream: id,
        detail: RtspErrorDetail.connectionFailed,
      )
      ..play(id)
      ..tell(NativeEventKind.reconnecting, stream: id, planned: true)
      ..tell(NativeEventKind.stopped, stream: id);
    await settle();
    expect(heard, [
      'resized 16x9',
      'playing',
      'frame 1000',
      'frame 1033',
      'stalled noMedia',
      'reconnecting connectionFailed',
      'reconnecting connectionFailed again',
      'playing',
      'frame 1000',
      'stopped',
      '.',
    ]);
  });

  test('the new events are kinds of the old ones', () {
    const exception = RtspException(
      code: RtspErrorCode.timeout,
      message: 'none',
    );
    expect(const RtspStalledEvent(exception) is RtspErrorEvent, true);
    expect(const RtspReconnectingEvent(exception) is RtspErrorEvent, true);
    expect(
      const RtspResizedEvent(width: 1, height: 1) is RtspPlayingEvent,
      true,
    );
  });

  test('whoever listens late begins with what is the case', () async {
    final bench = Bench();
    final id = await bench.playing();
    bench.manager
      ..tell(NativeEventKind.resized, stream: id, width: 4, height: 3)
      ..tell(
        NativeEventKind.stalled,
        stream: id,
        detail: RtspErrorDetail.noMedia,
      );
    final heard = bench.listen(id);
    await settle();
    expect(heard, ['resized 4x3', 'stalled noMedia']);
  });

  test('pictures are told while somebody wants to know', () async {
    final bench = Bench();
    final id = await bench.playing();
    final calls = bench.manager.calls;
    calls.clear();
    final quiet = bench.listen(id, frames: false);
    await settle();
    expect(calls, <String>[]);
    final events = bench.controller.streamEvents(id);
    final first = events.listen((_) {});
    final second = events.listen((_) {});
    await settle();
    expect(calls, ['frames $id true']);
    bench.manager.tell(NativeEventKind.frame, stream: id);
    await first.cancel();
    await settle();
    expect(calls, ['frames $id true']);
    await second.cancel();
    await settle();
    expect(calls, ['frames $id true', 'frames $id false']);
    expect(quiet, ['playing']);
  });

  test('pictures do not pile up behind a paused listener', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = <String>[];
    final subscription = bench.controller
        .streamEvents(id)
        .listen((event) => heard.add(line(event)));
    await settle();
    subscription.pause();
    for (var i = 0; i < 100; i++) {
      bench.manager.tell(NativeEventKind.frame, stream: id, timestampMs: i);
    }
    bench.manager.tell(
      NativeEventKind.stalled,
      stream: id,
      detail: RtspErrorDetail.noMedia,
    );
    subscription.resume();
    await settle();
    expect(heard, ['playing', 'stalled noMedia']);
  });

  test('after stop nothing is told but that it stopped', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = bench.listen(id);
    await settle();
    bench.manager.letsGo = false;
    unawaited(bench.controller.stopStream(id));
    bench.manager.play(id);
    bench.manager.answer(id + 1000);
    await settle();
    expect(heard, ['playing', 'stopped', '.']);
    final unknown = bench.listen(id);
    await settle();
    expect(unknown, ['stopped', '.']);
  });

  test('a listener that cancels after the end harms nothing', () async {
    final bench = Bench();
    final id = await bench.playing();
    final subscription = bench.controller.streamEvents(id).listen((_) {});
    await bench.controller.dispose();
    await subscription.cancel();
    expect(bench.manager.calls.last, 'free');
  });

  test('streams that ended are kept, but not without bound', () async {
    final bench = Bench();
    final ids = <int>[];
    for (var i = 0; i < 20; i++) {
      final id = (await bench.begin(options: atOnce)).streamId;
      ids.add(id);
      bench.manager.tell(
        NativeEventKind.failed,
        stream: id,
        detail: RtspErrorDetail.timeout,
      );
    }
    await settle();
    final disposed = bench.platform.calls.where((c) => c.startsWith('dispose'));
    expect(disposed.length, 12);
    expect(bench.manager.alive.length, 0);
    final last = bench.listen(ids.last);
    final first = bench.listen(ids.first);
    await settle();
    expect(last, ['error timeout', 'stopped', '.']);
    expect(first, ['stopped', '.']);
  });

  test('statistics once a second, and their end with the stream', () async {
    final bench = Bench();
    final id = await bench.playing();
    final heard = <Object>[];
    bench.controller
        .stats(id)
        .listen(heard.add, onDone: () => heard.add('done'));
    await settle();
    bench.manager.tell(NativeEventKind.tick, stream: id);
    bench.manager.tell(NativeEventKind.tick, stream: id);
    await settle();
    expect(heard, [someStatistics, someStatistics]);
    await bench.controller.stopStream(id);
    await settle();
    expect(heard.last, 'done');
  });
}

void pictureTests() {
  test('capture: null before the first picture, then a JPEG', () async {
    final bench = Bench();
    final id = (await bench.begin(options: atOnce)).streamId;
    expect(await bench.controller.captureFrameFromStream(id), null);
    bench.manager.play(id);
    final captured = bench.controller.captureFrameFromStream(id);
    await settle();
    final jpeg = Uint8List.fromList([0xff, 0xd8]);
    bench.manager.answer(id + 2000, data: jpeg);
    expect(await captured, jpeg);
  });

  test('capture of no stream, and of one that failed, throws', () async {
    final bench = Bench();
    await expectThrows<RtspException>(
      () => bench.controller.captureFrameFromStream(1),
    );
    final id = await bench.playing();
    bench.manager.tell(
      NativeEventKind.failed,
      stream: id,
      detail: RtspErrorDetail.certificateChanged,
    );
    final exception = await expectThrows<RtspException>(
      () => bench.controller.captureFrameFromStream(id),
    );
    expect(exception.detail, RtspErrorDetail.certificateChanged);
  });

  test('snapshot: the picture, or why there is none', () async {
    final bench = Bench();
    Future<Uint8List> snapshot() =>
        bench.controller.captureSnapshot('u', 'n', 'p', timeoutSeconds: 7);
    final good = snapshot();
    await settle();
    expect(bench.manager.calls, ['snapshot 7000']);
    bench.manager.answer(3000, data: Uint8List(5));
    expect((await good).length, 5);
    final bad = expectThrows<RtspException>(snapshot);
    await settle();
    bench.manager.answer(3000, detail: RtspErrorDetail.liveViewDisabled);
    expect((await bad).code, RtspErrorCode.connectionFailed);
  });

  test('seconds out of range are refused before anything is sent', () async {
    for (final seconds in [0, -1, 61]) {
      final bench = Bench();
      await expectThrows<RangeError>(
        () => bench.controller.captureSnapshot(
          'u',
          'n',
          'p',
          timeoutSeconds: seconds,
        ),
        '$seconds',
      );
      expect(bench.library.managers.length, 0, '$seconds');
    }
    for (final seconds in [1, 60]) {
      final bench = Bench();
      final taken = bench.controller.captureSnapshot(
        'u',
        'n',
        'p',
        timeoutSeconds: seconds,
      );
      await settle();
      bench.manager.answer(3000, data: Uint8List(1));
      expect((await taken).length, 1, '$seconds');
    }
  });
}

void disposeTests() {
  test(
    'dispose stops all, waits for the cameras, frees, and may repeat',
    () async {
      final bench = Bench();
      final ids = [await bench.playing(), await bench.playing()];
      bench.manager.letsGo = false;
      var disposed = 0;
      unawaited(bench.controller.dispose().then((_) => disposed++));
      unawaited(bench.controller.dispose().then((_) => disposed++));
      await settle();
      bench.manager.answer(ids.first + 1000);
      await settle();
      expect(disposed, 0);
      bench.manager.answer(ids.last + 1000);
      await settle();
      expect(disposed, 2);
      expect(bench.manager.calls.last, 'free');
      expect(
        bench.platform.calls.where((c) => c.startsWith('dispose')).length,
        2,
      );
    },
  );

  test('dispose of a controller that did nothing loads nothing', () async {
    final bench = Bench();
    await bench.controller.dispose();
    expect(bench.library.managers.length, 0);
  });

  test('dispose during start makes it throw, wherever it is', () async {
    for (final texture in [false, true]) {
      final bench = Bench();
      final gate = Completer<void>();
      if (texture) bench.platform.gate = gate.future;
      final thrown = expectThrows<RtspException>(bench.begin, '$texture');
      await settle();
      final disposed = bench.controller.dispose();
      await settle();
      gate.complete();
      expect((await thrown).detail, RtspErrorDetail.stopped, '$texture');
      await disposed;
      final created = bench.platform.calls.where((c) => c.startsWith('create'));
      expect(bench.platform.calls.length, created.length * 2, '$texture');
    }
    // Before anything was started.
    final bench = Bench();
    final thrown = expectThrows<RtspException>(bench.begin);
    final disposed = bench.controller.dispose();
    await thrown;
    await disposed;
    expect(bench.manager.calls, ['free']);
  });

  test('dispose ends what is being waited for', () async {
    final bench = Bench();
    final id = await bench.playing();
    final waiting = [
      expectThrows<RtspException>(
        () => bench.controller.captureSnapshot('u', 'n', 'p'),
      ),
      expectThrows<RtspException>(
        () => bench.controller.captureFrameFromStream(id),
      ),
    ];
    await settle();
    await bench.controller.dispose();
    await Future.wait(waiting);
  });

  test('after dispose all but stop throws', () async {
    final bench = Bench();
    final controller = bench.controller;
    final id = await bench.playing();
    final disposing = controller.dispose();
    for (final (name, call) in [
      ('start', bench.begin),
      ('capture', () => controller.captureFrameFromStream(id)),
      ('snapshot', () => controller.captureSnapshot('u', 'n', 'p')),
      ('events', () => controller.streamEvents(id)),
      ('stats', () => controller.stats(id)),
    ]) {
      await expectThrows<StateError>(call, name);
    }
    await controller.stopStream(id);
    await disposing;
    await controller.stopStream(id);
  });
}
