#include "cli/terminal/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace tare::cli {

void SetVerbosity(int level) {
  auto logger =
      std::make_shared<spdlog::logger>("tare", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%H:%M:%S.%e %l %v");
  logger->set_level(level <= 0   ? spdlog::level::off
                    : level == 1 ? spdlog::level::info
                                 : spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void LogInfo(std::string_view text) { spdlog::info("{}", text); }
void LogDetail(std::string_view text) { spdlog::debug("{}", text); }

}  // namespace tare::cli
