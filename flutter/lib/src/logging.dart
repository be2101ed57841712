/// How much is told. Each level includes those before it.
enum RtspLogLevel {
  /// Nothing.
  off,

  /// What ended a stream.
  error,

  /// What should not be, and was survived.
  warn,

  /// Negotiation, states, stalls, and every few seconds what was counted.
  info,

  /// The whole handshake, without the access code.
  debug,

  /// Everything.
  trace,
}

/// One line of the log. Never contains an access code.
final class RtspLogRecord {
  /// A line of the log.
  const RtspLogRecord({
    required this.level,
    required this.component,
    required this.message,
  });

  /// How grave it is.
  final RtspLogLevel level;

  /// The part that tells it: `rtsp`, `rtp`, `rtcp`, `decode`, `udp` and so on.
  final String component;

  /// What it says.
  final String message;

  @override
  String toString() => '${level.name} $component: $message';
}
