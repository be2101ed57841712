import 'dart:async';
import 'dart:convert';
import 'dart:io';

/// A simulated printer in a process of its own.
final class Camera {
  Camera._(this._process, this.url) {
    _log = _lines(_process.stderr).listen((line) {
      log.add(line);
      _news.add(null);
    });
  }

  /// Starts one, on the free port of [bind] or that which it names.
  static Future<Camera> start({String bind = '127.0.0.1:0'}) async {
    final program = Platform.environment['PRINTCAM'] ?? 'printcam';
    final process = await Process.start(program, [
      '-vv',
      'sim',
      '--bind',
      bind,
    ]);
    final url = await _lines(
      process.stdout,
    ).firstWhere((line) => line.startsWith('rtsps://'), orElse: () => '');
    if (url.isEmpty) {
      throw StateError(await process.stderr.transform(utf8.decoder).join());
    }
    return Camera._(process, url);
  }

  /// The access code of all of them.
  static const String code = '12345678';

  /// Longer than anything these tests wait for takes.
  static const Duration patience = Duration(seconds: 25);

  final Process _process;

  /// With user name and access code.
  final String url;

  /// What it says it does.
  final List<String> log = [];
  final StreamController<void> _news = StreamController.broadcast(sync: true);
  late final StreamSubscription<String> _log;

  /// Without user name and access code.
  String get bareUrl => url.replaceFirst('bblp:$code@', '');

  /// Where it listens.
  String get address => '127.0.0.1:${Uri.parse(url).port}';

  /// Waits until [count] lines of its log contain [text].
  Future<void> waitFor(String text, {int count = 1}) async {
    int seen() => log.where((line) => line.contains(text)).length;
    if (seen() >= count) return;
    await _news.stream
        .firstWhere((_) => seen() >= count)
        .timeout(
          patience,
          onTimeout: () => throw StateError(
            '${seen()} lines with "$text" instead of $count:\n'
            '${log.skip(log.length > 20 ? log.length - 20 : 0).join('\n')}',
          ),
        );
  }

  /// Ends without a word, as by loss of power.
  Future<void> kill() async {
    _process.kill(ProcessSignal.sigkill);
    await _process.exitCode;
    await _log.cancel();
  }

  static Stream<String> _lines(Stream<List<int>> bytes) =>
      bytes.transform(utf8.decoder).transform(const LineSplitter());
}
