import 'dart:async';
import 'dart:typed_data';

import 'package:flutter/material.dart';
import 'package:printcam/printcam.dart';

// flutter run --dart-define=CAMERA_1=rtsps://bblp:<access code>@<address>:322/streaming/live/1
const _cameras = [
  String.fromEnvironment('CAMERA_1'),
  String.fromEnvironment('CAMERA_2'),
];

void main() => runApp(const MaterialApp(title: 'printcam', home: TwoCameras()));

/// Two cameras side by side.
class TwoCameras extends StatelessWidget {
  /// Two cameras side by side.
  const TwoCameras({super.key});

  @override
  Widget build(BuildContext context) => Scaffold(
    appBar: AppBar(title: const Text('printcam')),
    body: Row(
      crossAxisAlignment: CrossAxisAlignment.start,
      children: [
        for (final (index, url) in _cameras.indexed)
          Expanded(
            child: url.isEmpty
                ? Text('Run with --dart-define=CAMERA_${index + 1}=rtsps://...')
                : CameraPanel(url: url, name: 'Camera ${index + 1}'),
          ),
      ],
    ),
  );
}

/// One camera with what is counted of it, and a button that takes a picture.
class CameraPanel extends StatefulWidget {
  /// One camera.
  const CameraPanel({super.key, required this.url, required this.name});

  /// Its address, with user name and access code.
  final String url;

  /// What it is called.
  final String name;

  @override
  State<CameraPanel> createState() => _CameraPanelState();
}

class _CameraPanelState extends State<CameraPanel> {
  final RtspStreamController _controller = RtspStreamController();
  StreamSubscription<RtspStatistics>? _counting;
  RtspStatistics? _statistics;
  Uint8List? _picture;
  String? _problem;

  @override
  void dispose() {
    unawaited(_counting?.cancel());
    unawaited(_controller.dispose());
    super.dispose();
  }

  void _started(RtspStreamController controller, int streamId) {
    unawaited(_counting?.cancel());
    _counting = controller.stats(streamId).listen((statistics) {
      if (mounted) setState(() => _statistics = statistics);
    });
  }

  Future<void> _takePicture() async {
    Uint8List? picture;
    String? problem;
    try {
      picture = await _controller.captureSnapshot(widget.url, '', '');
    } on RtspException catch (exception) {
      problem = exception.message;
    }
    if (!mounted) return;
    setState(() {
      _picture = picture ?? _picture;
      _problem = problem;
    });
  }

  String get _line => switch (_statistics) {
    null => '',
    final now =>
      '${now.transport.name}  '
          '${now.picturesPerSecond.toStringAsFixed(1)} fps  '
          '${(now.bitrate / 1e6).toStringAsFixed(2)} Mbit/s  '
          'lost ${now.lost}',
  };

  @override
  Widget build(BuildContext context) => Column(
    children: [
      PrintCameraView(
        url: widget.url,
        controller: _controller,
        name: widget.name,
        onStarted: _started,
        placeholder: const Center(child: Text('Connecting')),
      ),
      Text(_line),
      TextButton(onPressed: _takePicture, child: const Text('Take a picture')),
      if (_problem case final problem?) Text(problem),
      if (_picture case final picture?) Image.memory(picture, height: 120),
    ],
  );
}
