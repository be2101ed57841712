import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:printcam/printcam_core.dart';

import 'camera.dart';
import 'check.dart';
import 'fake_native.dart' show line;
import 'old_code.dart';

/// A test with a camera and a controller of its own.
void cameraTest(
  String name,
  Future<void> Function(Camera camera, RtspStreamController controller) body,
) => test(name, () async {
  final camera = await Camera.start();
  final controller = RtspStreamController();
  try {
    await body(camera, controller);
  } finally {
    await controller.dispose();
    await camera.kill();
  }
});

const RtspOptions atOnce = RtspOptions(waitForPicture: false);
final Directory folder = Directory.systemTemp.createTempSync('printcam-dart');
final List<String> logged = [];

Future<void> main() async {
  RtspStreamController.setLogging(
    RtspLogLevel.trace,
    onRecord: (record) => logged.add('$record'),
  );
  libraryTests();
  streamTests();
  pictureTests();
  troubleTests();
  endTests();
  test('the log was heard, and holds no access code', () {
    expect(logged.where((l) => l.contains('rtsp')).isNotEmpty, true);
    expect(logged.where((l) => l.contains(Camera.code)).toList(), <String>[]);
  });
  test('the log can be turned off', () async {
    RtspStreamController.setLogging(RtspLogLevel.off);
    final before = logged.length;
    final camera = await Camera.start();
    final controller = RtspStreamController();
    await controller.captureSnapshot(camera.url, '', '');
    await controller.dispose();
    await camera.kill();
    expect(logged.length, before);
  });
  test('temporary files', () => folder.deleteSync(recursive: true));
  await runTests('end to end');
}

void libraryTests() {
  test('a library that does not fit is named with its fault', () async {
    for (final (path, words) in [
      ('/nowhere/libprintcam_ffi.so', 'cannot be loaded'),
      ('libc.so.6', "is not printcam's library"),
      (Platform.environment['PRINTCAM_OTHER_VERSION']!, 'version 99'),
    ]) {
      final exception = await expectThrows<PrintcamLibraryException>(
        () => PrintcamLibrary.open(path),
        path,
      );
      expect(exception.message.contains(words), true, '$exception');
      expect(exception.message.contains(path), true, '$exception');
    }
  });
}

void streamTests() {
  cameraTest('start, events in order, statistics, stop', (
    camera,
    controller,
  ) async {
    final clock = Stopwatch()..start();
    final started = await controller.startStream(
      camera.url,
      '',
      '',
      options: atOnce,
    );
    expect(started.textureId, PrintcamPlatform.noTexture);
    final heard = <String>[];
    final playing = Completer<void>();
    final ended = Completer<void>();
    controller.streamEvents(started.streamId).listen((event) {
      heard.add(event is RtspFrameEvent ? 'frame' : line(event));
      if (event is RtspFrameEvent && !playing.isCompleted) playing.complete();
    }, onDone: ended.complete);
    await playing.future;
    say('first picture after ${clock.elapsedMilliseconds} ms');
    final statistics = await controller.stats(started.streamId).take(3).last;
    expect(statistics.state, RtspStreamState.playing);
    expect(statistics.transport, RtspMediaTransport.udp);
    expect(statistics.picturesPerSecond > 20, true);
    expect(statistics.bitrate > 100e3, true);
    expect(statistics.packets > 50 && statistics.bytes > 50000, true);
    expect(statistics.receiverReports >= 2, true);
    expect(statistics.sessions, 1);
    expect(statistics.timeToFirstPicture! > Duration.zero, true);
    final stopping = clock.elapsedMilliseconds;
    await controller.stopStream(started.streamId);
    say('stop took ${clock.elapsedMilliseconds - stopping} ms');
    await ended.future;
    expect(heard, ['resized 1168x720', 'playing', 'frame', 'stopped']);
    await camera.waitFor('TEARDOWN');
    await camera.waitFor('connection ended');
  });

  cameraTest('options arrive; without reconnection, loss is the end', (
    camera,
    controller,
  ) async {
    final started = await controller.startStream(
      camera.url,
      '',
      '',
      options: const RtspOptions(
        transport: RtspTransport.tcp,
        trust: RtspTrust.acceptAny(),
        latency: RtspLatency.lowest,
        autoReconnect: false,
        model: 'O1D',
        serial: '00M00A000000000',
      ),
    );
    final statistics = await controller.stats(started.streamId).first;
    expect(statistics.transport, RtspMediaTransport.tcp);
    final events = controller
        .streamEvents(started.streamId, frames: false)
        .map((event) => line(event).split(' ').first)
        .toList();
    await camera.kill();
    expect((await events).sublist(2), ['error', 'stopped']);
    expect(await controller.stats(started.streamId).toList(), <Object>[]);
  });

  cameraTest('two controllers share one connection', (camera, one) async {
    final other = RtspStreamController();
    await one.startStream(camera.url, '', '');
    final second = await other.startStream(camera.url, '', '');
    final events = other.streamEvents(second.streamId, frames: false);
    expect(await events.take(2).map(line).toList(), [
      'resized 1168x720',
      'playing',
    ]);
    await other.dispose();
    await camera.waitFor('connected', count: 1);
    expect(camera.log.where((l) => l.contains(' connected')).length, 1);
    expect(camera.log.any((l) => l.contains('connection ended')), false);
  });

  cameraTest('stop and dispose in flight', (camera, controller) async {
    final started = await controller.startStream(
      camera.url,
      '',
      '',
      options: atOnce,
    );
    await controller.stopStream(started.streamId);
    await controller.stopStream(started.streamId);
    final thrown = expectThrows<RtspException>(
      () => controller.startStream(camera.url, '', ''),
    );
    await settle();
    await controller.dispose();
    expect((await thrown).detail, RtspErrorDetail.stopped);
  });

  cameraTest('the ninth stream is one too many', (camera, controller) async {
    final all = await Future.wait([
      for (var i = 0; i < 8; i++) controller.startStream(camera.url, '', ''),
    ]);
    final exception = await expectThrows<RtspException>(
      () => controller.startStream(camera.url, '', ''),
    );
    expect(exception.code, RtspErrorCode.tooManyStreams);
    await controller.stopStream(all.first.streamId);
    await controller.startStream(camera.url, '', '');
  });
}

void pictureTests() {
  cameraTest('capture and snapshot are pictures of the scene', (
    camera,
    controller,
  ) async {
    final clock = Stopwatch()..start();
    await checkPicture(await controller.captureSnapshot(camera.url, '', ''));
    say('snapshot and its check took ${clock.elapsedMilliseconds} ms');
    final started = await controller.startStream(
      camera.bareUrl,
      'bblp',
      Camera.code,
    );
    final captured = await controller.captureFrameFromStream(started.streamId);
    await checkPicture(captured!);
    // Of a camera that is being watched.
    await checkPicture(await controller.captureSnapshot(camera.url, '', ''));
    expect(camera.log.where((l) => l.contains(' connected')).length, 2);
  });
}

void troubleTests() {
  cameraTest('wrong access code', (camera, controller) async {
    for (final start in [
      () => controller.startStream(camera.bareUrl, 'bblp', 'wrong-code'),
      () => controller.captureSnapshot(camera.bareUrl, 'bblp', 'wrong-code'),
    ]) {
      final exception = await expectThrows<RtspException>(start);
      expect(exception.code, RtspErrorCode.authenticationFailed);
      expect(exception.hint != null, true);
      expect('$exception ${exception.hint}'.contains('wrong-code'), false);
    }
  });

  cameraTest('another key than before', (camera, controller) async {
    final pin = RtspTrust.pin('sha256:${'00' * 32}');
    final exception = await expectThrows<RtspException>(
      () => controller.startStream(
        camera.url,
        '',
        '',
        options: RtspOptions(trust: pin),
      ),
    );
    expect(exception.detail, RtspErrorDetail.certificateChanged);
    expect(exception.code, RtspErrorCode.connectionFailed);
    await expectThrows<ArgumentError>(
      () => controller.startStream(
        camera.url,
        '',
        '',
        options: const RtspOptions(trust: RtspTrust.pin('no pin')),
      ),
    );
  });

  test('nobody there, and no address', () async {
    final controller = RtspStreamController();
    for (final url in ['rtsps://127.0.0.1:1/x', 'not an address']) {
      final exception = await expectThrows<RtspException>(
        () => controller.captureSnapshot(url, 'bblp', 'x', timeoutSeconds: 2),
        url,
      );
      expect(exception.code, RtspErrorCode.connectionFailed, url);
    }
    await controller.dispose();
  });

  test('keys are remembered in the file that is named', () async {
    final file = File('${folder.path}/new/known_printers');
    final options = RtspOptions(trust: RtspTrust.firstUse(file: file.path));
    final camera = await Camera.start();
    final controller = RtspStreamController();
    await controller.captureSnapshot(camera.url, '', '', options: options);
    expect(file.readAsStringSync().contains('sha256:'), true);
    await controller.dispose();
    await camera.kill();
  });

  test('a camera that restarts comes back', () async {
    final camera = await Camera.start();
    final controller = RtspStreamController();
    final started = await controller.startStream(camera.url, '', '');
    final heard = StreamIterator(
      controller.streamEvents(started.streamId, frames: false),
    );
    Future<void> until(bool Function(RtspStreamEvent event) wanted) async {
      while (await heard.moveNext().timeout(Camera.patience)) {
        if (wanted(heard.current)) return;
      }
      throw StateError('the events ended');
    }

    await until((event) => event is RtspPlayingEvent);
    final clock = Stopwatch()..start();
    await camera.kill();
    await until((event) => event is RtspReconnectingEvent);
    say('noticed after ${clock.elapsedMilliseconds} ms');
    final again = await Camera.start(bind: camera.address);
    await until((event) => event is RtspPlayingEvent);
    say('back ${clock.elapsedMilliseconds} ms after its end');
    await heard.cancel();
    await controller.dispose();
    await again.kill();
  });
}

void endTests() {
  cameraTest('dispose gives all cameras back', (camera, controller) async {
    final other = await Camera.start();
    await controller.startStream(camera.url, '', '');
    await controller.startStream(other.url, '', '');
    final clock = Stopwatch()..start();
    await controller.dispose();
    say('dispose of two streams took ${clock.elapsedMilliseconds} ms');
    for (final each in [camera, other]) {
      await each.waitFor('TEARDOWN');
      await each.waitFor('connection ended');
    }
    await other.kill();
  });

  test(
    'what an isolate leaves behind is given back when it is killed',
    () async {
      final camera = await Camera.start();
      final port = ReceivePort();
      final isolate = await Isolate.spawn(_watch, (port.sendPort, camera.url));
      expect(await port.first, 'playing');
      final clock = Stopwatch()..start();
      isolate.kill(priority: Isolate.immediate);
      await camera.waitFor('TEARDOWN');
      await camera.waitFor('connection ended');
      say(
        'given back ${clock.elapsedMilliseconds} ms after the isolate\'s end',
      );
      await camera.kill();
    },
  );

  test('code written for the predecessor runs', () async {
    final camera = await Camera.start();
    final page = CameraPage();
    expect(await page.open(camera.url, 'bblp', ''), true);
    expect((await page.picture())![0], 0xff);
    expect((await page.thumbnail(camera.url, '', ''))[1], 0xd8);
    await page.close();
    await settle();
    expect(page.log.first, 'started');
    expect(page.log.toSet().containsAll(['playing', 'stopped']), true);
    final refused = CameraPage();
    expect(await refused.open(camera.bareUrl, 'bblp', 'wrong'), false);
    expect(refused.log, ['not started: wrong access code, true']);
    expect(everyEvent.map(refused.describe).toList(), [
      'playing',
      'error: wrong access code',
      'stopped',
      'frame',
    ]);
    await refused.close();
    await camera.kill();
  });
}

Future<void> _watch((SendPort, String) arguments) async {
  final (port, url) = arguments;
  final started = await RtspStreamController().startStream(url, '', '');
  port.send(started.streamId == 0 ? 'no stream' : 'playing');
}

void say(String measured) => stdout.writeln('  measured: $measured');

/// [jpeg] must be a picture of the right size that is not of one colour.
Future<void> checkPicture(Uint8List jpeg) async {
  expect((jpeg[0], jpeg[1]), (0xff, 0xd8), 'start of image');
  expect((jpeg[jpeg.length - 2], jpeg.last), (0xff, 0xd9), 'end of image');
  expect(jpeg.length > 15000, true, '${jpeg.length} bytes');
  final file = File('${folder.path}/picture.jpg')..writeAsBytesSync(jpeg);
  final probed = await Process.run('ffprobe', [
    ...['-v', 'error', '-of', 'csv=p=0', '-show_entries'],
    ...['stream=width,height', file.path],
  ]);
  expect((probed.stdout as String).trim(), '1168,720');
  final decoded = await Process.run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-xerror', '-i', file.path],
    ...['-vf', 'scale=32:18', '-pix_fmt', 'gray', '-f', 'rawvideo', '-'],
  ], stdoutEncoding: null);
  expect(decoded.exitCode, 0, '${decoded.stderr}');
  final grey = decoded.stdout as List<int>;
  expect(grey.length, 32 * 18);
  final levels = grey.map((value) => value ~/ 16).toSet();
  expect(levels.length >= 4, true, 'levels $levels');
}
