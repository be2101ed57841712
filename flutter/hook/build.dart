import 'package:hooks/hooks.dart';
import 'package:native_toolchain_rust/native_toolchain_rust.dart';

/// Compiles the Rust library for the platform the app is built for, and has it bundled with the app.
///
/// The crate is `printcam-ffi` of the repository this package lies in. Its `rust-toolchain.toml` names the compiler, which
/// rustup downloads when it is missing. `lib/src` opens the library by its file name; the asset's name is never looked up.
void main(List<String> args) async {
  await build(args, (input, output) async {
    await const RustBuilder(
      assetName: 'printcam_ffi',
      cratePath: '../printcam-ffi',
    ).run(input: input, output: output);
  });
}
