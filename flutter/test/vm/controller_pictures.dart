import 'dart:typed_data';

import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';

import 'bench.dart';
import 'check.dart';

void tests() {
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
