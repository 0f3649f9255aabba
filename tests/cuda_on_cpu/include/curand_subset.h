// cuRAND's functions with numbers of another generator: for programs that compile and run, not for statistics.
#pragma once
enum curandStatus_t { CURAND_STATUS_SUCCESS, CURAND_STATUS_VERSION_MISMATCH, CURAND_STATUS_NOT_INITIALIZED, CURAND_STATUS_ALLOCATION_FAILED, CURAND_STATUS_TYPE_ERROR, CURAND_STATUS_OUT_OF_RANGE, CURAND_STATUS_LENGTH_NOT_MULTIPLE, CURAND_STATUS_DOUBLE_PRECISION_REQUIRED, CURAND_STATUS_LAUNCH_FAILURE, CURAND_STATUS_PREEXISTING_FAILURE, CURAND_STATUS_INITIALIZATION_FAILED, CURAND_STATUS_ARCH_MISMATCH, CURAND_STATUS_INTERNAL_ERROR };
enum { CURAND_RNG_PSEUDO_DEFAULT };
struct curandState { unsigned long long seed, sequence, n; };
typedef unsigned long long* curandGenerator_t;
namespace standin { double uniform(unsigned long long& state); }
inline curandStatus_t curandCreateGenerator(curandGenerator_t* g, int) { *g = new unsigned long long(1); return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandDestroyGenerator(curandGenerator_t g) { delete g; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t g, unsigned long long s) { *g = s; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOrdering(curandGenerator_t, int) { return CURAND_STATUS_SUCCESS; }
curandStatus_t curandGenerateUniform(curandGenerator_t, float*, size_t);
curandStatus_t curandGenerateUniformDouble(curandGenerator_t, double*, size_t);
curandStatus_t curandGenerateNormal(curandGenerator_t, float*, size_t, float, float);
curandStatus_t curandGenerateNormalDouble(curandGenerator_t, double*, size_t, double, double);
curandStatus_t curandGeneratePoisson(curandGenerator_t, unsigned*, size_t, double);
inline void curand_init(unsigned long long seed, unsigned long long s, unsigned long long, curandState* state) { state->seed = seed; state->sequence = s; state->n = 0; }
inline float curand_uniform(curandState* s) { unsigned long long k = s->seed * 6364136223846793005ull + s->sequence * 1442695040888963407ull + ++s->n; return (float)standin::uniform(k); }
inline unsigned curand_poisson(curandState* s, double lambda)
{ double limit = std::exp(-lambda), p = 1; unsigned k = 0; do { k++; p *= curand_uniform(s); } while (p > limit); return k - 1; }

