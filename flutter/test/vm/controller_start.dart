import 'dart:async';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';

import 'bench.dart';
import 'check.dart';

void tests() {
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
    expect(bench.library.limit, 8);
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
    expect(bench.manager.alive.length, 0);
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
