/// How media travels from the camera.
enum RtspTransport {
  /// UDP where the camera offers it and it works, TCP otherwise.
  auto,

  /// Inside the encrypted connection.
  tcp,

  /// Datagrams: less delay when packets are lost, and not encrypted.
  udp,
}

/// Whom to believe to be the printer.
///
/// Printers sign their own certificates. All of these decide before the access
/// code is sent.
sealed class RtspTrust {
  const RtspTrust();

  /// Remembers a printer's key when it is first seen, and refuses another one
  /// later. They are kept in [file]; without it in the app's own directory, or
  /// in memory where there is none.
  const factory RtspTrust.firstUse({String? file}) = RtspFirstUseTrust;

  /// This key only: [sha256] is `sha256:` and 64 hexadecimal digits, the hash
  /// of the public key. It stands in the log, at info.
  const factory RtspTrust.pin(String sha256) = RtspPinTrust;

  /// A certificate signed by one of the authorities in [pem], for the printer
  /// with this [serial] number.
  const factory RtspTrust.printerCa(String pem, String serial) =
      RtspPrinterCaTrust;

  /// Anybody, who then learns the access code. For experiments.
  const factory RtspTrust.acceptAny() = RtspAcceptAnyTrust;
}

/// See [RtspTrust.firstUse].
final class RtspFirstUseTrust extends RtspTrust {
  /// See [RtspTrust.firstUse].
  const RtspFirstUseTrust({this.file});

  /// Path of the file of known printers; `null`: the default place.
  final String? file;

  @override
  bool operator ==(Object other) =>
      other is RtspFirstUseTrust && other.file == file;

  @override
  int get hashCode => Object.hash(RtspFirstUseTrust, file);
}

/// See [RtspTrust.pin].
final class RtspPinTrust extends RtspTrust {
  /// See [RtspTrust.pin].
  const RtspPinTrust(this.sha256);

  /// `sha256:` and 64 hexadecimal digits.
  final String sha256;

  @override
  bool operator ==(Object other) =>
      other is RtspPinTrust && other.sha256 == sha256;

  @override
  int get hashCode => Object.hash(RtspPinTrust, sha256);
}

/// See [RtspTrust.printerCa].
final class RtspPrinterCaTrust extends RtspTrust {
  /// See [RtspTrust.printerCa].
  const RtspPrinterCaTrust(this.pem, this.serial);

  /// The authorities' certificates.
  final String pem;

  /// The printer's serial number.
  final String serial;

  @override
  bool operator ==(Object other) =>
      other is RtspPrinterCaTrust && other.pem == pem && other.serial == serial;

  @override
  int get hashCode => Object.hash(RtspPrinterCaTrust, pem, serial);
}

/// See [RtspTrust.acceptAny].
final class RtspAcceptAnyTrust extends RtspTrust {
  /// See [RtspTrust.acceptAny].
  const RtspAcceptAnyTrust();

  @override
  bool operator ==(Object other) => other is RtspAcceptAnyTrust;

  @override
  int get hashCode => (RtspAcceptAnyTrust).hashCode;
}

/// How far pictures stay behind, so that they move evenly.
final class RtspLatency {
  /// By this much: taken as at least 50 ms and at most 1 s. Zero is [lowest].
  const RtspLatency.behind(Duration this.delay);

  const RtspLatency._none() : delay = null;

  /// As suits the transport: 150 ms over TCP, 300 ms over UDP.
  static const smooth = RtspLatency._none();

  /// Every picture at once, even if they then come unevenly.
  static const lowest = RtspLatency.behind(Duration.zero);

  /// How far behind; `null`: as suits the transport.
  final Duration? delay;

  @override
  bool operator ==(Object other) =>
      other is RtspLatency && other.delay == delay;

  @override
  int get hashCode => Object.hash(RtspLatency, delay);
}

/// How a camera is watched. The defaults suit every printer.
final class RtspOptions {
  /// The defaults, and what is given.
  const RtspOptions({
    this.transport = RtspTransport.auto,
    this.trust = const RtspTrust.firstUse(),
    this.latency = RtspLatency.smooth,
    this.autoReconnect = true,
    this.waitForPicture = true,
    this.model,
    this.serial,
  });

  /// How media travels. Snapshots always use TCP.
  final RtspTransport transport;

  /// Whom to believe to be the printer.
  final RtspTrust trust;

  /// How far pictures stay behind.
  final RtspLatency latency;

  /// Whether a connection that is lost is made anew. If not, its loss is the
  /// stream's end.
  final bool autoReconnect;

  /// Whether `startStream` completes with the first picture and throws if the
  /// first attempt fails. Otherwise it completes at once, and events tell.
  final bool waitForPicture;

  /// The model code, if known: printers have habits by model.
  final String? model;

  /// The printer's serial number, if known: the name under which its key is
  /// remembered, so that it may change its address.
  final String? serial;

  /// The same with some of it changed.
  RtspOptions copyWith({RtspTrust? trust, bool? waitForPicture}) => RtspOptions(
    transport: transport,
    trust: trust ?? this.trust,
    latency: latency,
    autoReconnect: autoReconnect,
    waitForPicture: waitForPicture ?? this.waitForPicture,
    model: model,
    serial: serial,
  );

  /// The serial number to go by: under an authority it is part of the trust.
  String? get effectiveSerial => switch (trust) {
    RtspPrinterCaTrust(:final serial) => serial,
    _ => serial,
  };

  @override
  bool operator ==(Object other) =>
      other is RtspOptions &&
      other.transport == transport &&
      other.trust == trust &&
      other.latency == latency &&
      other.autoReconnect == autoReconnect &&
      other.waitForPicture == waitForPicture &&
      other.model == model &&
      other.serial == serial;

  @override
  int get hashCode => Object.hash(
    transport,
    trust,
    latency,
    autoReconnect,
    waitForPicture,
    model,
    serial,
  );
}
