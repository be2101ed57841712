import 'dart:ffi';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import '../logging.dart';
import '../options.dart';
import '../statistics.dart';
import 'bindings.dart';
import 'decode_message.dart';
import 'native_library.dart';
import 'scratch.dart';

/// The native library is not there, or is another version's.
final class PrintcamLibraryException implements Exception {
  /// What is wrong with it, in one sentence.
  const PrintcamLibraryException(this.message);

  /// What is wrong with it, in one sentence.
  final String message;

  @override
  String toString() => 'PrintcamLibraryException: $message';
}

/// The native library of this platform.
final class PrintcamLibrary implements NativeLibrary {
  PrintcamLibrary._(this._bindings);

  /// Loads the library from [path], or from where apps carry it.
  ///
  /// Throws a [PrintcamLibraryException] if it is not there, or is of another
  /// version than this package.
  factory PrintcamLibrary.open([String? path]) {
    final name = path ?? _name;
    final DynamicLibrary library;
    try {
      library = DynamicLibrary.open(name);
    } on ArgumentError {
      throw PrintcamLibraryException(
        'The native library $name cannot be loaded: it is not part of this '
        'program, or was built for another processor.',
      );
    }
    final int version;
    try {
      version = library.lookupFunction<Uint32 Function(), int Function()>(
        'printcam_abi_version',
      )();
    } on ArgumentError {
      throw PrintcamLibraryException('$name is not printcam\'s library.');
    }
    if (version != abiVersion) {
      throw PrintcamLibraryException(
        'The native library $name speaks version $version of the interface and '
        'this package version $abiVersion: build both from the same source.',
      );
    }
    try {
      return PrintcamLibrary._(Bindings(library));
    } on ArgumentError catch (error) {
      throw PrintcamLibraryException(
        'The native library $name lacks a function: ${error.message}',
      );
    }
  }

  /// Where the library is loaded from, for programs that do not carry it in the
  /// usual place. Set it before anything else is called.
  static String? path;

  /// The one library of this isolate, loaded when first needed.
  ///
  /// Throws as [PrintcamLibrary.open] does.
  static NativeLibrary get instance => _instance ??= PrintcamLibrary.open(path);

  static NativeLibrary? _instance;

  final Bindings _bindings;
  RawReceivePort? _logPort;

  @override
  NativeManager newManager({
    required int limit,
    required void Function(NativeEvent event) onEvent,
  }) {
    final port = RawReceivePort((Object? message) {
      final event = decodeEvent(message);
      if (event != null) onEvent(event);
    }, 'printcam');
    try {
      final handle = _withHandle(
        (out) => _bindings.manager_new_for_dart(
          limit,
          NativeApi.postCObject.cast(),
          port.sendPort.nativePort,
          out,
        ),
      );
      return _Manager(this, handle, port);
    } on Object {
      port.close();
      rethrow;
    }
  }

  @override
  void setLogging(
    RtspLogLevel level,
    void Function(RtspLogRecord record)? onRecord,
  ) {
    RawReceivePort? port;
    if (onRecord == null || level == RtspLogLevel.off) {
      _check(_bindings.log_to_dart(0, NativeApi.postCObject.cast(), 0));
      _check(_bindings.log(level.index, nullptr, nullptr));
    } else {
      port = RawReceivePort((Object? message) {
        final record = decodeLogRecord(message);
        if (record != null) onRecord(record);
      }, 'printcam log');
      // Listening to a log is no reason for a program to go on.
      port.keepIsolateAlive = false;
      _check(_bindings.log(0, nullptr, nullptr));
      _check(
        _bindings.log_to_dart(
          level.index,
          NativeApi.postCObject.cast(),
          port.sendPort.nativePort,
        ),
      );
    }
    _logPort?.close();
    _logPort = port;
  }

  @override
  int get textureApi => _bindings.texture_api().address;

  /// The handle that [call] writes. Throws if it says it was misused.
  int _withHandle(int Function(Pointer<Uint64> out) call) =>
      _withHandleOrStale(call) ??
      (throw StateError(_message(_Status.staleHandle)));

  int? _withHandleOrStale(int Function(Pointer<Uint64> out) call) {
    final scratch = Scratch(_bindings, 0);
    try {
      final out = scratch.struct(sizeOf<Uint64>()).cast<Uint64>();
      final status = call(out);
      if (status == _Status.staleHandle) return null;
      _check(status);
      return out.value;
    } finally {
      scratch.free();
    }
  }

  /// Throws what misuse [status] tells of.
  void _check(int status) {
    switch (status) {
      case _Status.ok:
        return;
      case _Status.invalidArgument || _Status.notUtf8:
        throw ArgumentError(_message(status));
      default:
        throw StateError(_message(status));
    }
  }

  String _message(int status) => decodeText(_bindings.status_message(status));

  static String get _name {
    if (Platform.isWindows) return 'printcam_ffi.dll';
    if (Platform.isIOS || Platform.isMacOS) {
      return 'printcam_ffi.framework/printcam_ffi';
    }
    return 'libprintcam_ffi.so';
  }
}

/// PrintcamStatus of the C interface, as far as it is told apart here.
abstract final class _Status {
  static const int ok = 0;
  static const int invalidArgument = 1;
  static const int notUtf8 = 2;
  static const int staleHandle = 3;
}

final class _Manager implements NativeManager {
  _Manager(this._library, this._handle, this._port);

  final PrintcamLibrary _library;
  final int _handle;
  final RawReceivePort _port;

  Bindings get _bindings => _library._bindings;

  @override
  int start(CameraSource source) => _withSource(
    source,
    (url, username, password, options) => _library._withHandle(
      (out) => _bindings.stream_start(
        _handle,
        url,
        username,
        password,
        options,
        out,
      ),
    ),
  );

  @override
  int? stop(int stream) =>
      _library._withHandleOrStale((out) => _bindings.stream_stop(stream, out));

  @override
  int? capture(int stream) => _library._withHandleOrStale(
    (out) => _bindings.stream_capture(stream, out),
  );

  @override
  RtspStatistics? statistics(int stream) {
    final scratch = Scratch(_bindings, 0);
    try {
      final native = scratch
          .struct(sizeOf<NativeStatistics>())
          .cast<NativeStatistics>();
      final status = _bindings.stream_statistics(stream, native);
      if (status == _Status.staleHandle) return null;
      _library._check(status);
      return _statistics(native.ref);
    } finally {
      scratch.free();
    }
  }

  @override
  void frameEvents(int stream, {required bool on}) {
    // A stream that is over has no more pictures to tell of.
    _bindings.stream_frame_events(stream, on);
  }

  @override
  int snapshot(CameraSource source, Duration timeout) => _withSource(
    source,
    (url, username, password, options) => _library._withHandle(
      (out) => _bindings.snapshot(
        _handle,
        url,
        username,
        password,
        options,
        timeout.inMilliseconds,
        out,
      ),
    ),
  );

  @override
  void free() {
    _bindings.manager_free(_handle);
    _port.close();
  }

  T _withSource<T>(
    CameraSource source,
    T Function(Text, Text, Text, Pointer<NativeOptions>) call,
  ) {
    final options = source.options;
    final (trust, trustData) = switch (options.trust) {
      RtspFirstUseTrust(:final file) => (0, file ?? ''),
      RtspPinTrust(:final sha256) => (1, sha256),
      RtspPrinterCaTrust(:final pem) => (2, pem),
      RtspAcceptAnyTrust() => (3, ''),
    };
    final texts = [
      for (final text in [
        source.url,
        source.username,
        source.password,
        trustData,
        options.effectiveSerial ?? '',
        options.model ?? '',
      ])
        encodeText(text),
    ];
    final length = texts.fold(0, (sum, text) => sum + text.length);
    final scratch = Scratch(_bindings, length);
    try {
      Text argument(Uint8List text) {
        final target = scratch.struct(sizeOf<Text>()).cast<Text>().ref;
        scratch.write(text, target);
        return target;
      }

      final native = scratch
          .struct(sizeOf<NativeOptions>())
          .cast<NativeOptions>();
      native.ref
        ..transport = options.transport.index
        ..trust = trust
        ..latency_ms = _latencyMs(options.latency)
        ..no_reconnect = options.autoReconnect ? 0 : 1;
      scratch
        ..write(texts[3], native.ref.trust_data)
        ..write(texts[4], native.ref.serial)
        ..write(texts[5], native.ref.model);
      return call(
        argument(texts[0]),
        argument(texts[1]),
        argument(texts[2]),
        native,
      );
    } finally {
      for (final text in texts) {
        text.fillRange(0, text.length, 0);
      }
      scratch.free();
    }
  }
}

int _latencyMs(RtspLatency latency) => switch (latency.delay) {
  null => 0,
  final delay when delay <= Duration.zero => noLatency,
  // Less than a millisecond is not none.
  final delay => delay.inMilliseconds.clamp(1, noLatency - 1),
};

RtspStatistics _statistics(NativeStatistics native) {
  final counters = native.counters;
  final decoded = counters[10];
  return RtspStatistics(
    state: RtspStreamState
        .values[native.state.clamp(0, RtspStreamState.unknown.index)],
    transport: switch (native.transport) {
      1 => RtspMediaTransport.tcp,
      2 => RtspMediaTransport.udp,
      _ => RtspMediaTransport.none,
    },
    bitrate: native.bitrate,
    picturesPerSecond: native.pictures_per_second,
    jitter: _milliseconds(native.jitter_ms) ?? Duration.zero,
    timeToFirstPicture: _milliseconds(native.time_to_first_picture_ms),
    keyFrameInterval: _milliseconds(native.key_frame_interval_ms),
    decodeTime: decoded == 0 ? null : _milliseconds(native.decode_ms),
    packets: counters[0],
    bytes: counters[1],
    lost: counters[2],
    late: counters[3],
    duplicate: counters[4],
    discarded: counters[5],
    receiverReports: counters[6],
    stalls: counters[7],
    sessions: counters[8],
    reconnects: counters[9],
    picturesDecoded: decoded,
    picturesShown: counters[11],
  );
}

Duration? _milliseconds(double value) => value.isFinite && value >= 0
    ? Duration(microseconds: (value * 1000).round())
    : null;
