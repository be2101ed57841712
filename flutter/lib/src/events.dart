import 'exception.dart';

/// What happens to a stream.
///
/// There are four classes to `switch` over. The finer events are kinds of
/// these: whoever does not know them still does the right thing.
sealed class RtspStreamEvent {
  const RtspStreamEvent();
}

/// Pictures come, for the first time or again.
class RtspPlayingEvent extends RtspStreamEvent {
  /// Pictures come.
  const RtspPlayingEvent();
}

/// Pictures have this size from now on. Also told with the first one.
final class RtspResizedEvent extends RtspPlayingEvent {
  /// Pictures have this size from now on.
  const RtspResizedEvent({required this.width, required this.height});

  /// In pixels.
  final int width;

  /// In pixels.
  final int height;
}

/// There is no picture, and [exception] says why.
///
/// An [RtspStalledEvent] or [RtspReconnectingEvent] is not the end: the stream
/// heals by itself. Any other is, and an [RtspStoppedEvent] follows.
class RtspErrorEvent extends RtspStreamEvent {
  /// There is no picture, for this reason.
  const RtspErrorEvent(this.exception);

  /// Why, and what to try next.
  final RtspException exception;
}

/// The connection stands, and no media comes. The last picture stays.
final class RtspStalledEvent extends RtspErrorEvent {
  /// No media comes, for this reason.
  const RtspStalledEvent(super.exception);
}

/// The connection is gone and is being made anew. The last picture stays.
final class RtspReconnectingEvent extends RtspErrorEvent {
  /// The connection is made anew, for this reason.
  const RtspReconnectingEvent(super.exception, {this.persistent = false});

  /// Five attempts in a row have failed. It goes on trying, less often.
  final bool persistent;
}

/// The stream is over. Nothing comes after this.
final class RtspStoppedEvent extends RtspStreamEvent {
  /// The stream is over.
  const RtspStoppedEvent();
}

/// A picture was decoded.
///
/// One also comes right after each [RtspPlayingEvent] that says pictures have
/// begun to come.
final class RtspFrameEvent extends RtspStreamEvent {
  /// A picture was decoded then.
  const RtspFrameEvent({required this.timestampMs});

  /// When it was decoded, in milliseconds of Unix time.
  final int timestampMs;
}
