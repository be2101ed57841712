/// What a stream is doing.
enum RtspStreamState {
  /// On its way to the first picture.
  connecting,

  /// Pictures come.
  playing,

  /// The connection stands, and no media comes.
  stalled,

  /// Between two connections.
  reconnecting,

  /// Over: trying again would not help, or was not wanted.
  failed,

  /// Nobody watches, and the camera was given back.
  idle,

  /// Stopped.
  stopped,

  /// A state this version does not know.
  unknown,
}

/// How media travels at the moment.
enum RtspMediaTransport {
  /// Not known yet.
  none,

  /// Inside the encrypted connection.
  tcp,

  /// Datagrams, not encrypted.
  udp,
}

/// What was counted of a stream. Counts go over all its connections.
final class RtspStatistics {
  /// All of it.
  const RtspStatistics({
    required this.state,
    required this.transport,
    required this.bitrate,
    required this.picturesPerSecond,
    required this.jitter,
    required this.timeToFirstPicture,
    required this.keyFrameInterval,
    required this.decodeTime,
    required this.packets,
    required this.bytes,
    required this.lost,
    required this.late,
    required this.duplicate,
    required this.discarded,
    required this.receiverReports,
    required this.stalls,
    required this.sessions,
    required this.reconnects,
    required this.picturesDecoded,
    required this.picturesShown,
  });

  /// What the stream is doing.
  final RtspStreamState state;

  /// How media travels.
  final RtspMediaTransport transport;

  /// Video received in the last whole second, in bits per second.
  final double bitrate;

  /// Pictures received in the last whole second.
  final double picturesPerSecond;

  /// Interarrival jitter (RFC 3550 §6.4.1).
  final Duration jitter;

  /// From the start to the first picture; `null` before it.
  final Duration? timeToFirstPicture;

  /// Between the last two key frames; `null` before the second.
  final Duration? keyFrameInterval;

  /// What decoding one picture takes on average; `null` before the first.
  final Duration? decodeTime;

  /// RTP packets received.
  final int packets;

  /// Bytes of RTP received.
  final int bytes;

  /// RTP packets that never came.
  final int lost;

  /// RTP packets that came too late to be used.
  final int late;

  /// RTP packets that came again.
  final int duplicate;

  /// RTP packets that made no sense.
  final int discarded;

  /// Receiver reports sent.
  final int receiverReports;

  /// Times without media for more than 1.5 s.
  final int stalls;

  /// Connections that came to a picture.
  final int sessions;

  /// How often it was brought up again.
  final int reconnects;

  /// Pictures decoded.
  final int picturesDecoded;

  /// Pictures handed to textures.
  final int picturesShown;
}
