/// The kind of an [RtspException], coarse enough to decide what to do.
///
/// There are no more than these six, so that an exhaustive `switch` over them
/// stays exhaustive. [RtspException.detail] is finer.
enum RtspErrorCode {
  /// Nobody there, not a camera, not the printer that was expected, or in use
  /// by somebody else.
  connectionFailed,

  /// The user name or access code is wrong or missing.
  authenticationFailed,

  /// What was waited for did not come in time.
  timeout,

  /// The camera answers and offers no video that can be shown.
  noVideoTrack,

  /// Pictures come and cannot be decoded, or not be shown.
  decoderError,

  /// As many streams run as may.
  tooManyStreams,
}

/// The finer kind of an [RtspException].
///
/// More may be added: a `switch` over it needs a default.
enum RtspErrorDetail {
  /// No address that can be used, nobody there, no TLS, or not RTSP.
  connectionFailed(RtspErrorCode.connectionFailed),

  /// The user name or access code is wrong or missing.
  authenticationFailed(RtspErrorCode.authenticationFailed),

  /// What was waited for did not come in time.
  timeout(RtspErrorCode.timeout),

  /// The camera answers and offers no video that can be shown.
  noVideoTrack(RtspErrorCode.noVideoTrack),

  /// A picture cannot be decoded, or not be shown.
  decoderError(RtspErrorCode.decoderError),

  /// As many streams run as may.
  tooManyStreams(RtspErrorCode.tooManyStreams),

  /// Another key than before, or none that is trusted. The access code was not
  /// sent.
  certificateChanged(RtspErrorCode.connectionFailed),

  /// The port on which live view would be is closed.
  liveViewDisabled(RtspErrorCode.connectionFailed),

  /// The camera serves somebody else.
  cameraBusy(RtspErrorCode.connectionFailed),

  /// The printer accepts connections, and its camera service does not answer.
  cameraHung(RtspErrorCode.timeout),

  /// The stream was stopped, is not known, or its controller was disposed.
  stopped(RtspErrorCode.connectionFailed),

  /// The connection stands, and no media comes.
  noMedia(RtspErrorCode.timeout),

  /// No media came for so long that the connection is made anew.
  silence(RtspErrorCode.timeout),

  /// The camera ended the connection.
  connectionLost(RtspErrorCode.connectionFailed),

  /// No connection came about.
  attemptFailed(RtspErrorCode.connectionFailed),

  /// Data came for a while, and no picture could be made of it.
  nothingDecodable(RtspErrorCode.decoderError),

  /// A kind this version does not know.
  unknown(RtspErrorCode.connectionFailed);

  const RtspErrorDetail(this.code);

  /// The coarse kind it counts as.
  final RtspErrorCode code;
}

/// Why there is no picture.
class RtspException implements Exception {
  /// An exception of this kind.
  const RtspException({
    required this.code,
    required this.message,
    this.detail = RtspErrorDetail.unknown,
    this.hint,
  });

  /// The coarse kind.
  final RtspErrorCode code;

  /// What happened, in one sentence. Never contains the access code.
  final String message;

  /// The finer kind.
  final RtspErrorDetail detail;

  /// What a person should try next, where there is something to try.
  final String? hint;

  @override
  String toString() => 'RtspException(${code.name}): $message';
}

/// An [RtspException] whose [RtspException.code] follows from its detail.
RtspException exceptionOf(
  RtspErrorDetail detail,
  String message, {
  String? hint,
}) => RtspException(
  code: detail.code,
  message: message,
  detail: detail,
  hint: hint,
);
