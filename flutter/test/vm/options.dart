import 'package:printcam/printcam_core.dart';
import 'package:printcam/src/native/native_library.dart';
import 'check.dart';

void tests() {
  test('defaults suit every printer', () {
    const options = RtspOptions();
    expect(options.transport, RtspTransport.auto);
    expect(options.trust, const RtspTrust.firstUse());
    expect(options.latency, RtspLatency.smooth);
    expect(options.autoReconnect, true);
    expect(options.waitForPicture, true);
  });

  test('equal by what they say, and unequal by each of it', () {
    final variants = [
      const RtspOptions(),
      const RtspOptions(transport: RtspTransport.tcp),
      const RtspOptions(trust: RtspTrust.acceptAny()),
      const RtspOptions(trust: RtspTrust.firstUse(file: 'a')),
      const RtspOptions(trust: RtspTrust.firstUse(file: 'b')),
      const RtspOptions(trust: RtspTrust.pin('a')),
      const RtspOptions(trust: RtspTrust.pin('b')),
      const RtspOptions(trust: RtspTrust.printerCa('a', 'b')),
      const RtspOptions(trust: RtspTrust.printerCa('a', 'c')),
      const RtspOptions(latency: RtspLatency.lowest),
      const RtspOptions(latency: RtspLatency.behind(Duration(seconds: 1))),
      const RtspOptions(autoReconnect: false),
      const RtspOptions(waitForPicture: false),
      const RtspOptions(model: 'a'),
      const RtspOptions(serial: 'a'),
    ];
    for (final (i, a) in variants.indexed) {
      // A copy, so that it is not the same object.
      expect(a.copyWith(), a, 'variant $i');
      expect(a.copyWith().hashCode, a.hashCode, 'variant $i');
      for (final (j, b) in variants.indexed) {
        expect(a == b, i == j, 'variants $i and $j');
      }
    }
  });

  test('under an authority the serial number is part of the trust', () {
    const ca = RtspTrust.printerCa('pem', 'in trust');
    expect(
      const RtspOptions(trust: ca, serial: 'x').effectiveSerial,
      'in trust',
    );
    expect(const RtspOptions(serial: 'x').effectiveSerial, 'x');
  });

  test('a source does not print what is secret', () {
    const source = CameraSource('url', 'bblp', '12345678', RtspOptions());
    expect('$source', 'CameraSource');
  });
}
