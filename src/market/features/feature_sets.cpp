#include "market/features/feature.h"

namespace moola::market {
namespace {

using Names = std::vector<std::string>;

Names operator+(Names a, const Names& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The columns of the Python factory's table, but for those that never move there or never have a value.
const Names kReturns{"return_1",      "log_return_1", "return_5",      "log_return_5", "return_10",
                     "log_return_10", "return_20",    "log_return_20", "return_60",    "log_return_60",
                     "hl_ratio",      "co_ratio",     "range_pct",     "clv"};
const Names kAverages{"sma_10",          "price_to_sma_10", "sma_20",           "price_to_sma_20", "sma_50",
                      "price_to_sma_50", "sma_100",         "price_to_sma_100", "sma_200",         "price_to_sma_200",
                      "ema_9",           "price_to_ema_9",  "ema_12",           "price_to_ema_12", "ema_21",
                      "price_to_ema_21", "ema_26",          "price_to_ema_26",  "ema_50",          "price_to_ema_50"};
const Names kMomentum{"rsi_14",           "rsi_overbought", "rsi_oversold",    "macd_line", "macd_signal",
                      "macd_hist",        "macd_cross_up",  "macd_cross_down", "stoch_k",   "stoch_d",
                      "stoch_overbought", "stoch_oversold", "williams_r",      "roc_5",     "roc_10",
                      "roc_20",           "cci_20",         "mfi_14"};
const Names kVolatility{"atr_7",         "atr_pct_7",        "atr_14",    "atr_pct_14", "atr_21",
                        "atr_pct_21",    "bb_middle",        "bb_upper",  "bb_lower",   "bb_bandwidth",
                        "bb_position",   "close_bb_zscore",  "kc_middle", "kc_upper",   "kc_lower",
                        "kc_position",   "close_kc_atr_dev", "hvol_10",   "hvol_20",    "hvol_60",
                        "parkinson_vol", "gk_vol",           "rs_vol",    "yz_vol"};
const Names kVolume{
    "obv",           "obv_sma_20",    "volume_sma_20",        "volume_ratio",         "volume_zscore",      "vwap",
    "price_to_vwap", "dollar_volume", "dollar_volume_sma_10", "dollar_volume_sma_20", "dollar_volume_ratio"};
const Names kTrend{"adx_14", "plus_di_14", "minus_di_14", "adx_strong_trend", "supertrend", "supertrend_direction"};
const Names kClock{"hour_sin",      "hour_cos",     "minute_sin",     "minute_cos", "dayofweek_sin",
                   "dayofweek_cos", "session_asia", "session_london", "session_ny"};
const Names kRegimes{"volatility_regime", "trend_regime"};
const Names kMoments{"return_autocorr_lag1", "return_autocorr_lag2", "return_autocorr_lag5", "return_autocorr_lag10",
                     "return_skew_20",       "return_kurt_20",       "return_skew_60",       "return_kurt_60"};
const Names kMicrostructure{"micro_amihud",
                            "micro_amihud_10",
                            "micro_amihud_20",
                            "micro_roll_spread",
                            "micro_roll_spread_pct",
                            "micro_kyle_lambda",
                            "micro_cs_spread",
                            "micro_rel_spread",
                            "micro_rel_spread_10",
                            "micro_rel_spread_20",
                            "micro_volume_imbalance",
                            "micro_cum_imbalance_20",
                            "micro_trade_intensity_20",
                            "micro_trade_intensity_50",
                            "micro_efficiency_10",
                            "micro_efficiency_20",
                            "micro_vol_ratio"};
const Names kWavelets{"wavelet_close_approx",
                      "wavelet_close_d1",
                      "wavelet_close_d2",
                      "wavelet_close_d3",
                      "wavelet_volume_approx",
                      "wavelet_volume_d1",
                      "wavelet_volume_d2",
                      "wavelet_volume_d3",
                      "wavelet_close_energy_approx",
                      "wavelet_close_energy_d1",
                      "wavelet_close_energy_d2",
                      "wavelet_close_energy_d3",
                      "wavelet_close_energy_ratio",
                      "wavelet_volume_energy_approx",
                      "wavelet_volume_energy_d1",
                      "wavelet_volume_energy_d2",
                      "wavelet_volume_energy_d3",
                      "wavelet_volume_energy_ratio",
                      "wavelet_close_volatility",
                      "wavelet_close_trend_strength",
                      "wavelet_close_trend_direction"};

// What has no price in it, so that it means the same at 100 and at 60,000, of longer bars.
Names longer_bars(const Names& timeframes) {
  Names out;
  for (const std::string& timeframe : timeframes) {
    for (const char* name : {"return_1", "price_to_sma_20", "price_to_sma_50", "price_to_ema_9", "price_to_ema_21",
                             "rsi_14", "atr_pct_14", "bb_position", "macd_hist", "volume_ratio"})
      out.push_back(std::string(name) + "_" + timeframe);
  }
  return out;
}

const Names kScaleFree{"log_return_1",
                       "log_return_5",
                       "log_return_20",
                       "hl_ratio",
                       "co_ratio",
                       "clv",
                       "price_to_sma_20",
                       "price_to_sma_50",
                       "price_to_ema_9",
                       "price_to_ema_21",
                       "rsi_14",
                       "stoch_k",
                       "williams_r",
                       "cci_20",
                       "mfi_14",
                       "atr_pct_14",
                       "bb_position",
                       "close_bb_zscore",
                       "kc_position",
                       "hvol_20",
                       "parkinson_vol",
                       "volume_ratio",
                       "volume_zscore",
                       "price_to_vwap",
                       "adx_14",
                       "plus_di_14",
                       "minus_di_14",
                       "supertrend_direction",
                       "micro_rel_spread",
                       "micro_efficiency_20",
                       "micro_vol_ratio",
                       "micro_cum_imbalance_20",
                       "return_autocorr_lag1",
                       "return_skew_20",
                       "return_kurt_20",
                       "wavelet_close_trend_strength"};
const Names kRaw{"log_return_1", "hl_ratio", "co_ratio", "clv", "volume_ratio"};
const Names kClockWaves{"hour_sin", "hour_cos", "minute_sin", "minute_cos", "dayofweek_sin", "dayofweek_cos"};

}  // namespace

const std::vector<FeatureSet>& feature_sets() {
  static const Names full = kReturns + kAverages + kMomentum + kVolatility + kVolume + kTrend + kClock + kRegimes +
                            kMoments + kMicrostructure + kWavelets;
  static const std::vector<FeatureSet> table{
      {"core_min",
       "a few of every family: what to begin with",
       {"return_1",        "return_5",       "return_20",     "hl_ratio",      "clv",     "price_to_sma_20",
        "price_to_sma_50", "price_to_ema_9", "rsi_14",        "macd_hist",     "stoch_k", "atr_pct_14",
        "bb_position",     "hvol_20",        "volume_ratio",  "price_to_vwap", "adx_14",  "trend_regime",
        "hour_sin",        "hour_cos",       "dayofweek_sin", "dayofweek_cos"}},
      {"core_full", "the Python factory's columns of the bars themselves", full},
      {"mtf_plus", "core_full, and ten columns each of bars of 15 and 30 minutes, 1 and 4 hours and a day",
       full + longer_bars({"15m", "30m", "1h", "4h", "1d"})},
      {"boosting_optimal",
       "for boosted trees, which choose for themselves: core_full, and bars of 15 minutes, 1 and 4 hours",
       full + longer_bars({"15m", "1h", "4h"})},
      {"neural_optimal", "for networks on rows: no column holds a price or a sum without bound",
       kScaleFree + kClockWaves},
      {"transformer_raw", "for transformers on windows: the bar's own shape, volume and clock", kRaw + kClockWaves},
      {"ensemble_base", "for the members of an ensemble: neural_optimal, and bars of an hour",
       kScaleFree + kClockWaves + longer_bars({"1h"})},
      {"tcn_optimal",
       "for convolutions on windows: shape, volume and clock, and slow columns that a window is too short for",
       kRaw + Names{"price_to_sma_50", "price_to_sma_200", "hvol_60", "rsi_14", "atr_pct_14", "volume_zscore"} +
           kClockWaves},
      {"patchtst_optimal", "for transformers on patches: shape and volume, and three slow columns",
       kRaw + Names{"price_to_sma_200", "hvol_60", "volume_zscore"}},
      {"volatility_focus",
       "how much it moves",
       {"atr_pct_7",
        "atr_pct_14",
        "atr_pct_21",
        "hvol_10",
        "hvol_20",
        "hvol_60",
        "parkinson_vol",
        "gk_vol",
        "rs_vol",
        "yz_vol",
        "bb_bandwidth",
        "close_kc_atr_dev",
        "range_pct",
        "micro_vol_ratio",
        "micro_cs_spread",
        "return_kurt_20",
        "return_kurt_60",
        "volatility_regime",
        "wavelet_close_volatility",
        "hour_sin",
        "hour_cos"}},
  };
  return table;
}

}  // namespace moola::market
