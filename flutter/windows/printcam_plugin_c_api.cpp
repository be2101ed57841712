#include "include/printcam/printcam_plugin_c_api.h"

#include <flutter/plugin_registrar_windows.h>

#include "printcam_plugin.h"

void PrintcamPluginCApiRegisterWithRegistrar(FlutterDesktopPluginRegistrarRef registrar) {
  printcam::PrintcamPlugin::RegisterWithRegistrar(
      flutter::PluginRegistrarManager::GetInstance()->GetRegistrar<flutter::PluginRegistrarWindows>(registrar));
}
