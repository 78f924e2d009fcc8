#pragma once
#include <cstdint>

/// What we call of XGBoost 3's C interface, whose library comes without a header (as the wheel xgboost-cpu ships it).
/// Functions return 0, or -1 after a failure, which XGBGetLastError tells. Texts and arrays that come out belong to the
/// library, and last until the thread's or the handle's next call. What it reads of arrays are addresses in JSON, as
/// NumPy's array interface writes them. Source: XGBoost 3.2, "C API Functions" of its documentation.
extern "C" {
using DMatrixHandle = void*;
using BoosterHandle = void*;
using bst_ulong = std::uint64_t;

void XGBoostVersion(int* major, int* minor, int* patch);
const char* XGBGetLastError();
/// {"verbosity": 0 to 3}, for this thread.
int XGBSetGlobalConfig(const char* config);

/// `data`: (rows, columns), copied; `missing`: the value of cells that have none.
int XGDMatrixCreateFromMat_omp(const float* data, bst_ulong rows, bst_ulong columns, float missing, DMatrixHandle* out,
                               int threads);
int XGDMatrixFree(DMatrixHandle matrix);
/// `field`: "weight" or "label", one for each row, copied.
int XGDMatrixSetFloatInfo(DMatrixHandle matrix, const char* field, const float* values, bst_ulong count);

/// The booster keeps forecasts of `matrices`, which must outlive it.
int XGBoosterCreate(const DMatrixHandle* matrices, bst_ulong count, BoosterHandle* out);
int XGBoosterFree(BoosterHandle booster);
int XGBoosterSetParam(BoosterHandle booster, const char* name, const char* value);
int XGBoosterSlice(BoosterHandle booster, int begin, int end, int step, BoosterHandle* out);

/// One round on the library's own derivatives, or on `first` and `second`: arrays (rows, outputs) in JSON.
int XGBoosterUpdateOneIter(BoosterHandle booster, int round, DMatrixHandle matrix);
int XGBoosterTrainOneIter(BoosterHandle booster, DMatrixHandle matrix, int round, const char* first,
                          const char* second);

/// `out` has `dimensions` lengths at `shape`.
int XGBoosterPredictFromDMatrix(BoosterHandle booster, DMatrixHandle matrix, const char* config,
                                const bst_ulong** shape, bst_ulong* dimensions, const float** out);

int XGBoosterSaveModelToBuffer(BoosterHandle booster, const char* config, bst_ulong* length, const char** out);
int XGBoosterLoadModelFromBuffer(BoosterHandle booster, const void* bytes, bst_ulong length);
int XGBoosterDumpModelEx(BoosterHandle booster, const char* names, int with_gains, const char* format, bst_ulong* trees,
                         const char*** out);
}
