import 'dart:async';

import 'package:flutter/widgets.dart';

import '../controller.dart';
import '../options.dart';
import '../view_model.dart';

/// Shows a printer's camera: live, or its last picture and why there is no
/// newer one.
///
/// It watches from when it appears until it is disposed. A rebuild with the
/// same camera disturbs nothing.
class PrintCameraView extends StatefulWidget {
  /// A view that watches the camera at [url] by itself, by the arguments of
  /// [RtspStreamController.startStream], with [controller] if there is one.
  PrintCameraView({
    super.key,
    required String url,
    String username = '',
    String password = '',
    RtspOptions options = const RtspOptions(),
    RtspStreamController? controller,
    this.onStarted,
    this.name = 'Printer camera',
    this.placeholder,
    this.retryLabel = 'Try again',
  }) : source = CameraAddress(
         url,
         username: username,
         password: password,
         options: options,
         controller: controller,
       );

  /// A view of a stream that [controller] has started, and stops.
  PrintCameraView.stream({
    super.key,
    required RtspStreamController controller,
    required int streamId,
    required int textureId,
    this.name = 'Printer camera',
    this.placeholder,
    this.retryLabel = 'Try again',
  }) : onStarted = null,
       source = CameraStream(
         controller,
         streamId: streamId,
         textureId: textureId,
       );

  /// What it shows.
  final CameraViewSource source;

  /// Called with each stream that this view starts, for its statistics or
  /// captures. It is the view's to stop.
  final void Function(RtspStreamController controller, int streamId)? onStarted;

  /// What a screen reader calls it.
  final String name;

  /// What is shown until the first picture.
  final Widget? placeholder;

  /// What is written on the button that shows after a failure.
  final String retryLabel;

  @override
  State<PrintCameraView> createState() => _PrintCameraViewState();
}

class _PrintCameraViewState extends State<PrintCameraView> {
  late final CameraViewModel _model = CameraViewModel(
    onChange: _redraw,
    onStarted: (controller, id) => widget.onStarted?.call(controller, id),
  );

  @override
  void initState() {
    super.initState();
    _model.show(widget.source);
  }

  @override
  void didUpdateWidget(PrintCameraView oldWidget) {
    super.didUpdateWidget(oldWidget);
    _model.show(widget.source);
  }

  @override
  void dispose() {
    unawaited(_model.dispose());
    super.dispose();
  }

  void _redraw() {
    if (mounted) setState(() {});
  }

  @override
  Widget build(BuildContext context) {
    final state = _model.state;
    return Semantics(
      label: state.semanticsLabel(widget.name),
      container: true,
      child: AspectRatio(
        aspectRatio: state.aspectRatio,
        child: ColoredBox(
          color: const Color(0xff101010),
          child: Stack(
            fit: StackFit.expand,
            children: [
              _picture(state),
              if (_note(state) case final note?) note,
            ],
          ),
        ),
      ),
    );
  }

  Widget _picture(CameraViewState state) {
    final texture = state.textureId;
    if (texture == null) return widget.placeholder ?? const SizedBox.shrink();
    return Opacity(
      opacity: state.phase == CameraViewPhase.showing ? 1 : 0.4,
      child: Texture(textureId: texture),
    );
  }

  /// What is written over the picture, if anything.
  Widget? _note(CameraViewState state) {
    final lines = [
      if (state.message case final message?) message,
      if (state.hint case final hint?) hint,
    ];
    if (lines.isEmpty) return null;
    return Padding(
      padding: const EdgeInsets.all(12),
      child: Column(
        mainAxisAlignment: MainAxisAlignment.center,
        children: [
          for (final line in lines)
            Flexible(
              child: Text(
                line,
                textAlign: TextAlign.center,
                overflow: TextOverflow.fade,
                style: const TextStyle(color: Color(0xffffffff), fontSize: 14),
              ),
            ),
          if (state.canRetry) _retryButton(),
        ],
      ),
    );
  }

  // Of widgets only, so that it fits apps of any design.
  Widget _retryButton() => Semantics(
    button: true,
    child: GestureDetector(
      onTap: _model.retry,
      child: Padding(
        padding: const EdgeInsets.all(12),
        child: Text(
          widget.retryLabel,
          style: const TextStyle(
            color: Color(0xff80c0ff),
            fontSize: 16,
            decoration: TextDecoration.underline,
          ),
        ),
      ),
    ),
  );
}
