// The names are those of the C interface.
// ignore_for_file: non_constant_identifier_names

import 'dart:ffi';

/// The version of the C interface that these bindings are written against.
const int abiVersion = 1;

/// Borrowed UTF-8 (PrintcamText).
final class Text extends Struct {
  /// Not NUL-terminated.
  external Pointer<Uint8> data;

  /// In bytes.
  @UintPtr()
  external int len;
}

/// Owned bytes (PrintcamBuffer).
final class Buffer extends Struct {
  /// Null if there are none.
  external Pointer<Uint8> data;

  /// In bytes.
  @UintPtr()
  external int len;

  /// For the library's own use.
  @UintPtr()
  external int capacity;
}

/// PrintcamOptions. Zeroed memory is the defaults.
final class NativeOptions extends Struct {
  /// 0 auto, 1 tcp, 2 udp.
  @Uint32()
  external int transport;

  /// 0 first use, 1 pin, 2 printer CA, 3 accept any.
  @Uint32()
  external int trust;

  /// Path, pin or PEM, by [trust].
  external Text trust_data;

  /// Empty: not known.
  external Text serial;

  /// Empty: not known.
  external Text model;

  /// 0: as suits the transport; [noLatency]: none.
  @Uint32()
  external int latency_ms;

  /// Bool.
  @Uint8()
  external int no_reconnect;

  /// Bool.
  @Uint8()
  external int tls13;
}

/// The value of [NativeOptions.latency_ms] that means none at all.
const int noLatency = 0xffffffff;

/// PrintcamStatistics.
final class NativeStatistics extends Struct {
  /// In the order of `RtspStreamState`.
  @Uint32()
  external int state;

  /// 0 none yet, 1 tcp, 2 udp.
  @Uint32()
  external int transport;

  /// Bits per second.
  @Double()
  external double bitrate;

  /// In the last whole second.
  @Double()
  external double pictures_per_second;

  /// Milliseconds.
  @Double()
  external double jitter_ms;

  /// Milliseconds; negative: none yet.
  @Double()
  external double time_to_first_picture_ms;

  /// Milliseconds; negative: none yet.
  @Double()
  external double key_frame_interval_ms;

  /// Milliseconds, the mean.
  @Double()
  external double decode_ms;

  /// Counters, in the order of the C interface.
  @Array(12)
  external Array<Uint64> counters;
}

/// The functions of the native library, looked up once.
final class Bindings {
  /// Looks all of them up in [library].
  ///
  /// Throws an [ArgumentError] if one is missing.
  Bindings(DynamicLibrary library)
    : abi_version = library.lookupFunction<Uint32 Function(), int Function()>(
        'printcam_abi_version',
      ),
      status_message = library
          .lookupFunction<Text Function(Int32), Text Function(int)>(
            'printcam_status_message',
          ),
      buffer_new = library
          .lookupFunction<Buffer Function(UintPtr), Buffer Function(int)>(
            'printcam_buffer_new',
          ),
      buffer_free = library
          .lookupFunction<Void Function(Buffer), void Function(Buffer)>(
            'printcam_buffer_free',
          ),
      manager_new_for_dart = library
          .lookupFunction<
            Int32 Function(Uint32, Pointer<Void>, Int64, Pointer<Uint64>),
            int Function(int, Pointer<Void>, int, Pointer<Uint64>)
          >('printcam_manager_new_for_dart'),
      manager_free = library
          .lookupFunction<Int32 Function(Uint64), int Function(int)>(
            'printcam_manager_free',
          ),
      stream_start = library
          .lookupFunction<
            Int32 Function(
              Uint64,
              Text,
              Text,
              Text,
              Pointer<NativeOptions>,
              Pointer<Uint64>,
            ),
            int Function(
              int,
              Text,
              Text,
              Text,
              Pointer<NativeOptions>,
              Pointer<Uint64>,
            )
          >('printcam_stream_start'),
      stream_stop = library
          .lookupFunction<
            Int32 Function(Uint64, Pointer<Uint64>),
            int Function(int, Pointer<Uint64>)
          >('printcam_stream_stop'),
      stream_capture = library
          .lookupFunction<
            Int32 Function(Uint64, Pointer<Uint64>),
            int Function(int, Pointer<Uint64>)
          >('printcam_stream_capture'),
      stream_statistics = library
          .lookupFunction<
            Int32 Function(Uint64, Pointer<NativeStatistics>),
            int Function(int, Pointer<NativeStatistics>)
          >('printcam_stream_statistics'),
      stream_frame_events = library
          .lookupFunction<
            Int32 Function(Uint64, Bool),
            int Function(int, bool)
          >('printcam_stream_frame_events'),
      snapshot = library
          .lookupFunction<
            Int32 Function(
              Uint64,
              Text,
              Text,
              Text,
              Pointer<NativeOptions>,
              Uint32,
              Pointer<Uint64>,
            ),
            int Function(
              int,
              Text,
              Text,
              Text,
              Pointer<NativeOptions>,
              int,
              Pointer<Uint64>,
            )
          >('printcam_snapshot'),
      log = library
          .lookupFunction<
            Int32 Function(Uint32, Pointer<Void>, Pointer<Void>),
            int Function(int, Pointer<Void>, Pointer<Void>)
          >('printcam_log'),
      log_to_dart = library
          .lookupFunction<
            Int32 Function(Uint32, Pointer<Void>, Int64),
            int Function(int, Pointer<Void>, int)
          >('printcam_log_to_dart'),
      texture_api = library
          .lookupFunction<Pointer<Void> Function(), Pointer<Void> Function()>(
            'printcam_texture_api',
          );

  /// printcam_abi_version.
  final int Function() abi_version;

  /// printcam_status_message.
  final Text Function(int) status_message;

  /// printcam_buffer_new.
  final Buffer Function(int) buffer_new;

  /// printcam_buffer_free.
  final void Function(Buffer) buffer_free;

  /// printcam_manager_new_for_dart.
  final int Function(int, Pointer<Void>, int, Pointer<Uint64>)
  manager_new_for_dart;

  /// printcam_manager_free.
  final int Function(int) manager_free;

  /// printcam_stream_start.
  final int Function(
    int,
    Text,
    Text,
    Text,
    Pointer<NativeOptions>,
    Pointer<Uint64>,
  )
  stream_start;

  /// printcam_stream_stop.
  final int Function(int, Pointer<Uint64>) stream_stop;

  /// printcam_stream_capture.
  final int Function(int, Pointer<Uint64>) stream_capture;

  /// printcam_stream_statistics.
  final int Function(int, Pointer<NativeStatistics>) stream_statistics;

  /// printcam_stream_frame_events.
  final int Function(int, bool) stream_frame_events;

  /// printcam_snapshot.
  final int Function(
    int,
    Text,
    Text,
    Text,
    Pointer<NativeOptions>,
    int,
    Pointer<Uint64>,
  )
  snapshot;

  /// printcam_log.
  final int Function(int, Pointer<Void>, Pointer<Void>) log;

  /// printcam_log_to_dart.
  final int Function(int, Pointer<Void>, int) log_to_dart;

  /// printcam_texture_api.
  final Pointer<Void> Function() texture_api;
}
