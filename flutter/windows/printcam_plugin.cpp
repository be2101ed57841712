#include "printcam_plugin.h"

#include <flutter/method_channel.h>
#include <flutter/standard_method_codec.h>

#include <shlobj.h>
#include <windows.h>

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace printcam {

namespace {

using flutter::EncodableMap;
using flutter::EncodableValue;

// The code of every error on the channel; Dart tells them apart by their sentence only.
const char kErrorCode[] = "texture";

// Nothing if the arguments are no map or have no such number. The channel sends small numbers as 32 bits.
std::optional<int64_t> Number(const EncodableValue* arguments, const char* name) {
  const auto* map = arguments == nullptr ? nullptr : std::get_if<EncodableMap>(arguments);
  if (map == nullptr) {
    return std::nullopt;
  }
  const auto entry = map->find(EncodableValue(name));
  if (entry == map->end()) {
    return std::nullopt;
  }
  if (const auto* small = std::get_if<int32_t>(&entry->second)) {
    return *small;
  }
  if (const auto* large = std::get_if<int64_t>(&entry->second)) {
    return *large;
  }
  return std::nullopt;
}

std::string Sentence(int32_t status) {
  switch (status) {
    case kPrintcamOk:
      return "The Flutter engine did not register the texture.";
    case kPrintcamStaleHandle:
      return "The stream has ended.";
    case kPrintcamUnsupported:
      return "The printcam library was built without textures for this platform.";
    default:
      return "The printcam library refused the texture (status " + std::to_string(status) + ").";
  }
}

// The path of the running program; empty if Windows does not tell. Longer paths than Windows allows do not come.
std::filesystem::path ProgramPath() {
  constexpr DWORD kLongestPath = 32768;
  std::wstring path(kLongestPath, L'\0');
  const DWORD length = GetModuleFileNameW(nullptr, path.data(), kLongestPath);
  path.resize(length < kLongestPath ? length : 0);
  return path;
}

std::string Utf8(const std::wstring& wide) {
  const int length = static_cast<int>(wide.size());
  const int size = WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, nullptr, 0, nullptr, nullptr);
  std::string utf8(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, utf8.data(), size, nullptr, nullptr);
  return utf8;
}

// The program's directory below the user's local application data, which is made if it is missing; null where there is
// none.
EncodableValue StorageDirectory() {
  const std::filesystem::path program = ProgramPath().stem();
  PWSTR folder = nullptr;
  const HRESULT found = SHGetKnownFolderPath(FOLDERID_LocalAppData, KF_FLAG_DEFAULT, nullptr, &folder);
  std::filesystem::path directory;
  if (SUCCEEDED(found)) {
    directory = folder;
  }
  // Also after a failure, says its documentation.
  CoTaskMemFree(folder);
  if (directory.empty() || program.empty()) {
    return EncodableValue();
  }
  directory /= program;
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  return error ? EncodableValue() : EncodableValue(Utf8(directory.wstring()));
}

}  // namespace

void PrintcamPlugin::RegisterWithRegistrar(flutter::PluginRegistrarWindows* registrar) {
  auto plugin = std::make_unique<PrintcamPlugin>(registrar->texture_registrar());
  flutter::MethodChannel<EncodableValue> channel(registrar->messenger(), "printcam/textures",
                                                 &flutter::StandardMethodCodec::GetInstance());
  // The messenger keeps the handler; it and the plugin both end with the engine.
  channel.SetMethodCallHandler([plugin = plugin.get()](const Call& call, std::unique_ptr<Result> result) {
    plugin->HandleMethodCall(call, *result);
  });
  registrar->AddPlugin(std::move(plugin));
}

PrintcamPlugin::PrintcamPlugin(flutter::TextureRegistrar* registrar) : registrar_(registrar) {}

PrintcamPlugin::~PrintcamPlugin() {
  for (const auto& entry : textures_) {
    entry.second->Close();
  }
}

void PrintcamPlugin::HandleMethodCall(const Call& call, Result& result) {
  if (call.method_name() == "create") {
    CreateTexture(call.arguments(), result);
  } else if (call.method_name() == "dispose") {
    DisposeTexture(call.arguments(), result);
  } else if (call.method_name() == "storageDirectory") {
    result.Success(StorageDirectory());
  } else {
    result.NotImplemented();
  }
}

void PrintcamPlugin::CreateTexture(const EncodableValue* arguments, Result& result) {
  const std::optional<int64_t> stream = Number(arguments, "stream");
  const std::optional<int64_t> address = Number(arguments, "api");
  if (!stream || !address || *address == 0) {
    result.Error(kErrorCode, "create needs the numbers stream and api.");
    return;
  }
  const auto* api = reinterpret_cast<const PrintcamTextureApi*>(static_cast<uintptr_t>(*address));
  if (api->abi_version != PRINTCAM_TEXTURE_ABI_VERSION) {
    result.Error(kErrorCode, "The printcam library and this plugin are of different versions; rebuild the app.");
    return;
  }
  int32_t status = kPrintcamOk;
  std::shared_ptr<PrintcamTexture> texture =
      PrintcamTexture::Create(registrar_, api, static_cast<uint64_t>(*stream), status);
  if (!texture) {
    result.Error(kErrorCode, Sentence(status));
    return;
  }
  const int64_t id = texture->id();
  textures_.emplace(id, std::move(texture));
  result.Success(EncodableValue(id));
}

void PrintcamPlugin::DisposeTexture(const EncodableValue* arguments, Result& result) {
  const std::optional<int64_t> id = Number(arguments, "texture");
  if (!id) {
    result.Error(kErrorCode, "dispose needs the number texture.");
    return;
  }
  // A texture that is gone already is no error: dispose may come twice.
  const auto entry = textures_.find(*id);
  if (entry != textures_.end()) {
    entry->second->Close();
    textures_.erase(entry);
  }
  result.Success();
}

}  // namespace printcam
